//! Stories of `sign_up`.
