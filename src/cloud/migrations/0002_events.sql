-- What happened to an account, for its owner. count: how many times the same happened between "at" and "last".
CREATE TABLE events (
    id         TEXT   NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    count      BIGINT NOT NULL DEFAULT 1,
    address    TEXT   NOT NULL,
    program    TEXT   NOT NULL,
    detail     TEXT   NOT NULL
);
CREATE INDEX events_by_account ON events (account_id, at);
