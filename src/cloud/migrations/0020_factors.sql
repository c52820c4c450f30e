-- How the sign-in behind a token family was proved: by the password alone, a second factor's name, recovery or openid.
ALTER TABLE token_families ADD COLUMN proof TEXT NOT NULL DEFAULT 'password';

-- 1: asked for without a choice when another factor is on too.
ALTER TABLE factors ADD COLUMN preferred BIGINT NOT NULL DEFAULT 0;

-- long: 1 for the one code that the remote.it protocol knows, 0 for the short ones beside it.
ALTER TABLE recovery_codes ADD COLUMN long BIGINT NOT NULL DEFAULT 1;

-- An authenticator secret that was handed out. holder: the sign-in or token family that asked for it, so that nobody can slip a
-- secret of theirs into another's set-up.
DROP TABLE enrolments;
CREATE TABLE enrolments (
    account_id    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    holder        TEXT   NOT NULL,
    sealed_secret BYTEA  NOT NULL,
    verified_step BIGINT,
    created       BIGINT NOT NULL,
    PRIMARY KEY (account_id, holder)
);
