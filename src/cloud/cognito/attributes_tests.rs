//! Stories of `attributes`.
