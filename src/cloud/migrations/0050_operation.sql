-- state: 'kept' (nothing delivers it; development), 'waiting', 'sent', 'failed'. next_try: not before; whoever takes a message up
-- moves it into the future, so that nobody else does. awaited: somebody waits for it now, and nobody later.
ALTER TABLE outbox ADD COLUMN state TEXT NOT NULL DEFAULT 'kept';
ALTER TABLE outbox ADD COLUMN awaited BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_try BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_by_next_try ON outbox (state, next_try);
CREATE INDEX outbox_by_age ON outbox (at);

-- Since when nobody gets into the account; the operator's doing.
ALTER TABLE accounts ADD COLUMN disabled BIGINT;
