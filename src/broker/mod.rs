//! The daemon's door: HTTP on a Unix socket with peer credentials; status, credentials, sign for me, GraphQL for me.

use crate::account::Account;

/// Who may use the broker beside root and the agent's own user.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub users: Vec<u32>,
    pub groups: Vec<u32>,
}

/// Every URL of the broker; the policy runs before all of them.
pub fn router(account: Account, policy: Policy) -> axum::Router {
    let _ = (account, policy);
    todo!()
}
