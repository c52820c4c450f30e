//! Stories of `forgotten`.
