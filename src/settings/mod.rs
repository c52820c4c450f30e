//! Raw settings from file, `conf.d`, environment and flags; one `check()` into typed settings.
