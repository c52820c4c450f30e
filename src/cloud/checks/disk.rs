//! Is there room where the service keeps things?

use nix::sys::statvfs::statvfs;

use super::{Finding, fine, warning, wrong};
use crate::cloud::Plan;

const NAME: &str = "disk";
const MEGABYTE: u64 = 1 << 20;
const LITTLE: u64 = 500;
const TOO_LITTLE: u64 = 50;

pub(super) fn check(plan: &Plan) -> Finding {
    let mut folder = plan.state.as_path();
    while let (false, Some(above)) = (folder.exists(), folder.parent()) {
        folder = above;
    }
    let Ok(found) = statvfs(folder) else {
        return wrong(NAME, format!("{} cannot be looked at; check who may use it.", folder.display()));
    };
    let free = wide(found.blocks_available()).saturating_mul(wide(found.fragment_size())) / MEGABYTE;
    let sentence = format!("{free} MB are free at {}", plan.state.display());
    match free {
        ..TOO_LITTLE => wrong(NAME, format!("{sentence}; make room, or nothing can be written soon.")),
        TOO_LITTLE..LITTLE => warning(NAME, format!("{sentence}; make room before it is full.")),
        LITTLE.. => fine(NAME, format!("{sentence}.")),
    }
}

/// These counts have 32 bits on some machines and 64 on others.
fn wide(count: impl Into<u64>) -> u64 {
    count.into()
}
