-- Accounts at OpenID providers that lead to accounts here. founder: the account was opened by it, and is named after it.
CREATE TABLE identities (
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    provider   TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    founder    BIGINT NOT NULL DEFAULT 0,
    created    BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX identities_by_account ON identities (account_id, issuer);

-- Sign-ins by way of a provider, under way in one browser. id: mark of what the browser comes back with; browser: mark of its
-- cookie.
CREATE TABLE authorizations (
    id      TEXT   NOT NULL PRIMARY KEY,
    browser TEXT   NOT NULL,
    sealed  BYTEA  NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX authorizations_by_browser ON authorizations (browser, expires);
CREATE INDEX authorizations_by_expiry ON authorizations (expires);

-- Authorization codes, by their marks. A used one is remembered for a while: whoever brings it again ends what it gave.
CREATE TABLE authorization_codes (
    id         TEXT   NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sealed     BYTEA  NOT NULL,
    expires    BIGINT NOT NULL,
    used       BIGINT,
    family_id  TEXT,
    replayed   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX authorization_codes_by_account ON authorization_codes (account_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires);

-- JSON: by which provider, as whom, for which scope; NULL for a sign-in with a password.
ALTER TABLE token_families ADD COLUMN openid TEXT;
