//! Stories of `new_password`.
