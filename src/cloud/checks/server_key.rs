//! Is the server key there, whole, and nobody else's to read?

use std::os::unix::fs::PermissionsExt as _;

use super::{Finding, fine, warning, wrong};
use crate::base::Secret;
use crate::cloud::Plan;

const NAME: &str = "server key";
const LENGTH: usize = 32;

pub(super) fn check(plan: &Plan) -> Finding {
    let path = plan.server_key();
    let shown = path.display();
    match std::fs::read(&path).map(Secret::new) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            warning(NAME, format!("{shown} is not there yet; 'serve' makes it. Keep a copy elsewhere then."))
        }
        Err(error) => {
            wrong(NAME, format!("{shown} cannot be read ({error}); run this as the service's user or as root."))
        }
        Ok(key) if key.expose().len() != LENGTH => {
            wrong(NAME, format!("{shown} is damaged; restore it from a copy, since nothing opens without it."))
        }
        Ok(_key) => match path.metadata().map(|found| found.permissions().mode() & 0o077) {
            Ok(0) => fine(NAME, format!("{shown} is there; a copy of it belongs elsewhere.")),
            Ok(_) | Err(_) => wrong(NAME, format!("others can read {shown}; mend it with 'chmod 600 {shown}'.")),
        },
    }
}
