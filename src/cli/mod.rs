//! One file per command of `latchkey`.
