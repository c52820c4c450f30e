//! Composition root of the agent: the only file that knows every part; starts and stops everything.
