-- Browsers that are signed in to the portal. id: mark of the cookie. The family is the sign-in behind it: when that is revoked,
-- the session has ended too. sealed_shown: a secret that the owner may look at until shown_until (a new key, recovery codes).
CREATE TABLE portal_sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    family_id    TEXT   NOT NULL,
    created      BIGINT NOT NULL,
    last_seen    BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    sealed_shown BYTEA,
    shown_until  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX portal_sessions_by_account ON portal_sessions (account_id);
CREATE INDEX portal_sessions_by_expiry ON portal_sessions (expires);

-- What the portal remembers of a browser between two pages. playing_until: somebody has the turn. turns: how many ended. The
-- latest one is kept to be told again to a form that was sent twice.
CREATE TABLE portal_visits (
    id            TEXT   NOT NULL PRIMARY KEY,
    sealed        BYTEA,
    playing_until BIGINT NOT NULL DEFAULT 0,
    turns         BIGINT NOT NULL DEFAULT 0,
    latest_mark   TEXT   NOT NULL DEFAULT '',
    latest_at     BIGINT NOT NULL DEFAULT 0,
    sealed_latest BYTEA,
    expires       BIGINT NOT NULL
);
CREATE INDEX portal_visits_by_expiry ON portal_visits (expires);

-- Where a sign-in came from, for the owner's list of them; empty where it is not known.
ALTER TABLE token_families ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE token_families ADD COLUMN program TEXT NOT NULL DEFAULT '';
