//! Bad input, as data.
