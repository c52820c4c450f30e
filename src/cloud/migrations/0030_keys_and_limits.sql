-- What remote.it's keys do not have: a name, what the key may do (read, sign-in-device, full), and an end.
ALTER TABLE access_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN scope TEXT NOT NULL DEFAULT 'full';
ALTER TABLE access_keys ADD COLUMN expires BIGINT;

-- Marks of signatures that count only once.
CREATE TABLE spent_signatures (
    id      TEXT   NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX spent_signatures_by_expiry ON spent_signatures (expires);

-- What each source address owes for failures and costly requests. owes: when all of it will be paid off by time alone; until:
-- when the source may go on.
CREATE TABLE sources (
    source  TEXT   NOT NULL PRIMARY KEY,
    owes    BIGINT NOT NULL,
    strikes BIGINT NOT NULL,
    until   BIGINT NOT NULL
);
CREATE INDEX sources_by_debt ON sources (owes);

-- Where an account's owner has signed in from.
CREATE TABLE known_sources (
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    source     TEXT   NOT NULL,
    last       BIGINT NOT NULL,
    PRIMARY KEY (account_id, source)
);
CREATE INDEX known_sources_by_use ON known_sources (last);

-- Who began a sign-in; told: its stop at the second factor was written down.
ALTER TABLE sign_ins ADD COLUMN began BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sign_ins ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN program TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN told BIGINT NOT NULL DEFAULT 0;

-- The last mail about a sign-in that stopped there.
ALTER TABLE accounts ADD COLUMN warned BIGINT;

-- bundle: events that are counted in one row have the same; NULL: the row stands for itself. Ids grow with time.
ALTER TABLE events ADD COLUMN bundle TEXT;
CREATE UNIQUE INDEX events_by_bundle ON events (bundle);
CREATE INDEX events_in_order ON events (account_id, id);
CREATE INDEX events_by_last ON events (last);
DROP INDEX events_by_account;
