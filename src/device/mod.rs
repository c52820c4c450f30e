//! The Pi itself: identity, health, clock state, the daemon's unit.
