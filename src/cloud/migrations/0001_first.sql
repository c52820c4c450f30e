-- One dialect for SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only (SQLite takes any type name and keeps what is bound).
-- Times are Unix milliseconds. A column named "sealed" holds bytes sealed under the server key, which is not in this database.

CREATE TABLE accounts (
    id                TEXT   NOT NULL PRIMARY KEY,
    email             TEXT   NOT NULL,
    email_key         TEXT   NOT NULL UNIQUE,
    sealed_verifier   BYTEA  NOT NULL,
    phone             TEXT,
    must_set_password BIGINT NOT NULL DEFAULT 0,
    must_enrol        BIGINT NOT NULL DEFAULT 0,
    created           BIGINT NOT NULL,
    last_sign_in      BIGINT
);

-- kind: SOFTWARE_TOKEN_MFA (sealed secret, last accepted step) or SMS_MFA (the account's phone).
CREATE TABLE factors (
    account_id    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind          TEXT   NOT NULL,
    sealed_secret BYTEA,
    last_step     BIGINT NOT NULL DEFAULT -1,
    created       BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);

-- An authenticator secret that was handed out; it becomes a factor only after a right code.
CREATE TABLE enrolments (
    account_id    TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sealed_secret BYTEA  NOT NULL,
    verified_step BIGINT,
    created       BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash       TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    used       BIGINT,
    PRIMARY KEY (account_id, hash)
);

-- Sign-ins between their first and their last step. id: hash of the session text. account_id: NULL for a decoy.
CREATE TABLE sign_ins (
    id         TEXT   NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL,
    account_id TEXT   REFERENCES accounts (id) ON DELETE CASCADE,
    stage      TEXT   NOT NULL,
    lost       TEXT   NOT NULL DEFAULT '',
    tries      BIGINT NOT NULL DEFAULT 0,
    expires    BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires);

-- Secret blocks that were answered; each counts once.
CREATE TABLE spent_blocks (
    id      TEXT   NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX spent_blocks_by_expiry ON spent_blocks (expires);

-- The one code per account and purpose that was sent and still counts.
CREATE TABLE sent_codes (
    account_id  TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose     TEXT   NOT NULL,
    sealed_code BYTEA  NOT NULL,
    expires     BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose)
);

-- Wrong tries per subject, also for accounts that do not exist.
CREATE TABLE throttles (
    subject  TEXT   NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    forget   BIGINT NOT NULL
);
CREATE INDEX throttles_by_end ON throttles (forget);

-- One refresh token and every token that descends from it. id: origin_jti.
CREATE TABLE token_families (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client_id    TEXT   NOT NULL,
    refresh_hash TEXT   NOT NULL UNIQUE,
    auth_time    BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    revoked      BIGINT
);
CREATE INDEX token_families_by_account ON token_families (account_id);
CREATE INDEX token_families_by_expiry ON token_families (expires);

CREATE TABLE access_keys (
    id            TEXT   NOT NULL PRIMARY KEY,
    account_id    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sealed_secret BYTEA  NOT NULL,
    enabled       BIGINT NOT NULL DEFAULT 1,
    created       BIGINT NOT NULL,
    last_used     BIGINT
);
CREATE INDEX access_keys_by_account ON access_keys (account_id);

-- What was to be delivered; shown by `latchkey-cloud outbox`.
CREATE TABLE outbox (
    id          TEXT   NOT NULL PRIMARY KEY,
    place       BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    sealed_text BYTEA  NOT NULL
);
CREATE INDEX outbox_by_place ON outbox (place);

CREATE TABLE server_secrets (
    name    TEXT   NOT NULL PRIMARY KEY,
    sealed  BYTEA  NOT NULL,
    created BIGINT NOT NULL
);
