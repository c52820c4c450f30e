//! Which build this is. The packaging says so at compile time; a build by hand is known by its version alone.

use std::sync::LazyLock;

/// `0.1.0 (commit 1a2b3c4d5e6f, aarch64-unknown-linux-musl)`
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> =
        LazyLock::new(|| describe(env!("CARGO_PKG_VERSION"), option_env!("BUILD_COMMIT"), option_env!("BUILD_TARGET")));
    &VERSION
}

fn describe(version: &str, commit: Option<&str>, target: Option<&str>) -> String {
    let commit = commit.map(|commit| format!("commit {commit}"));
    let details: Vec<&str> = [commit.as_deref(), target].into_iter().flatten().collect();
    if details.is_empty() { version.to_owned() } else { format!("{version} ({})", details.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packaged_build_names_its_commit_and_its_target() {
        assert_eq!(
            describe("1.0.0", Some("1a2b3c"), Some("arm-unknown-linux-musleabihf")),
            "1.0.0 (commit 1a2b3c, arm-unknown-linux-musleabihf)"
        );
        assert_eq!(describe("1.0.0", None, None), "1.0.0");
    }
}
