-- What sealed_verifier holds: 'srp' (a verifier), 'argon2id' (a hash), 'none' (empty: the account has no password).
ALTER TABLE accounts ADD COLUMN password_kind TEXT NOT NULL DEFAULT 'srp';

-- Every kind of password that this database was ever opened for.
CREATE TABLE password_kinds (
    kind TEXT NOT NULL PRIMARY KEY
);
INSERT INTO password_kinds (kind) SELECT 'srp' WHERE EXISTS (SELECT 1 FROM accounts);

-- What people tell about themselves: name, locale, …
CREATE TABLE attributes (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- An e-mail address or phone number that comes into force once a code proves it; until then the old one stays.
CREATE TABLE pending_contacts (
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);

-- Accounts to be, until their address is confirmed. Several of one address may wait. id: the account's, then.
CREATE TABLE sign_ups (
    id              TEXT   NOT NULL PRIMARY KEY,
    email           TEXT   NOT NULL,
    email_key       TEXT   NOT NULL,
    password_kind   TEXT   NOT NULL,
    sealed_verifier BYTEA  NOT NULL,
    attributes      TEXT   NOT NULL,
    created         BIGINT NOT NULL,
    expires         BIGINT NOT NULL
);
CREATE INDEX sign_ups_by_email ON sign_ups (email_key, created);
CREATE INDEX sign_ups_by_expiry ON sign_ups (expires);

-- Codes that were sent to confirm something. subject: a mark of what and whose; made for names without an account too, so that
-- both take the same work.
CREATE TABLE confirmations (
    subject     TEXT   NOT NULL PRIMARY KEY,
    account_id  TEXT   REFERENCES accounts (id) ON DELETE CASCADE,
    sealed_code BYTEA  NOT NULL,
    expires     BIGINT NOT NULL
);
CREATE INDEX confirmations_by_expiry ON confirmations (expires);
CREATE INDEX confirmations_by_account ON confirmations (account_id);

-- Where the message goes that nobody gets: one row, written as often as somebody asks for mail to an unknown address.
CREATE TABLE unsent (
    id          TEXT  NOT NULL PRIMARY KEY,
    sealed_text BYTEA NOT NULL
);
