//! A backup is a file that restores into either database. The server key is not in it: whoever has one of the two has nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::store::{BackupError, Store};
use super::{Error, Plan, open_store};

/// What was written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub rows: u64,
    /// What a person must keep beside it.
    pub server_key: PathBuf,
}

/// Writes the file whole or not at all, for its owner's eyes only.
pub async fn back_up(plan: Plan, file: &Path) -> Result<Backup, Error> {
    let store = open_store(&plan).await?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let draft = file.with_file_name(name);
    let rows = match write(&store, &draft).await.and_then(|rows| settle(&draft, file).map(|()| rows)) {
        Ok(rows) => rows,
        Err(error) => {
            let _was_never_made = fs::remove_file(&draft);
            return Err(error.into());
        }
    };
    Ok(Backup { rows, server_key: plan.server_key() })
}

/// Only into an empty database, beside the server key that the backup belongs to.
pub async fn restore(plan: Plan, file: &Path) -> Result<Backup, Error> {
    let mut lines = BufReader::new(File::open(file).map_err(BackupError::File)?);
    let key = plan.server_key();
    if !key.exists() {
        return Err(Error::ServerKeyMissing(key));
    }
    let rows = open_store(&plan).await?.restore(&mut lines).await?;
    Ok(Backup { rows, server_key: key })
}

async fn write(store: &Store, draft: &Path) -> Result<u64, BackupError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    let mut out = BufWriter::new(file);
    let rows = store.back_up(&mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(rows)
}

fn settle(draft: &Path, file: &Path) -> Result<(), BackupError> {
    fs::rename(draft, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::base::{Entropy, Secret};
    use crate::cloud::bench::{Bench, EMAIL, PHONE};
    use crate::cloud::{Cloud, test_database};
    use crate::protocol::totp::TotpSecret;

    /// A state folder with the same server key, and an empty database of the other kind where there is a choice.
    async fn elsewhere(bench: &Bench, folder: &Path, database: Option<String>) -> Plan {
        fs::copy(bench.cloud.plan.server_key(), folder.join("server.key")).unwrap();
        Plan { state: folder.to_owned(), database: database.map(Secret::new), ..(*bench.cloud.plan).clone() }
    }

    /// Rows may come in another order.
    fn lines(file: &Path) -> Vec<String> {
        let mut lines: Vec<_> = fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    async fn ann(bench: &Bench) {
        let secret = TotpSecret::from_bytes(b"12345678901234567890".to_vec());
        bench.ann(Some(&secret), Some(PHONE)).await;
        bench.begin().await;
    }

    #[tokio::test]
    async fn a_backup_brings_everything_back_into_either_database_and_on_to_the_other() {
        let bench = Bench::new().await;
        ann(&bench).await;
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("one.backup"), folder.path().join("two.backup"));
        let written = back_up((*bench.cloud.plan).clone(), &first).await.unwrap();
        assert!(written.rows > 5, "{written:?}");
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        for (number, database) in [None, test_database::fresh().await].into_iter().enumerate() {
            let state = folder.path().join(number.to_string());
            fs::create_dir(&state).unwrap();
            let plan = elsewhere(&bench, &state, database).await;
            assert_eq!(restore(plan.clone(), &first).await.unwrap().rows, written.rows);
            back_up(plan.clone(), &second).await.unwrap();
            assert_eq!(lines(&second), lines(&first));
            let cloud = Cloud::open(plan, bench.cloud.clock.clone(), Entropy::kernel()).await.unwrap();
            let account = cloud.store.account_named(EMAIL).await.unwrap().unwrap();
            assert_eq!(cloud.store.factors(&account.id).await.unwrap().len(), 2);
            assert_eq!(cloud.signer.jwks(), bench.cloud.signer.jwks());
        }
    }

    #[tokio::test]
    async fn nothing_is_restored_over_accounts_or_beside_another_key_or_from_half_a_file() {
        let bench = Bench::new().await;
        ann(&bench).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        back_up((*bench.cloud.plan).clone(), &file).await.unwrap();
        let error = restore((*bench.cloud.plan).clone(), &file).await.unwrap_err();
        assert!(matches!(error, Error::Backup(BackupError::NotEmpty(_))), "{error}");

        let state = tempfile::tempdir().unwrap();
        let plan = Plan { state: state.path().to_owned(), database: None, ..(*bench.cloud.plan).clone() };
        assert!(matches!(restore(plan.clone(), &file).await, Err(Error::ServerKeyMissing(_))));
        fs::write(plan.server_key(), [7; 32]).unwrap();
        assert!(matches!(restore(plan.clone(), &file).await, Err(Error::Backup(BackupError::OtherKey))));

        elsewhere(&bench, state.path(), None).await;
        let whole = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        fs::write(&file, lines[..lines.len() - 1].join("\n") + "\n").unwrap();
        assert!(matches!(restore(plan.clone(), &file).await, Err(Error::Backup(BackupError::CutShort))));
        fs::write(&file, whole.replace("\"backup\"", "\"picture\"")).unwrap();
        assert!(matches!(restore(plan.clone(), &file).await, Err(Error::Backup(BackupError::Damaged(1)))));
        fs::write(&file, whole.replace("\"migrations\":[1,", "\"migrations\":[1,9999,")).unwrap();
        assert!(matches!(restore(plan.clone(), &file).await, Err(Error::Backup(BackupError::Newer))));
        fs::write(&file, whole).unwrap();
        restore(plan, &file).await.expect("what failed left nothing behind");
    }

    #[tokio::test]
    async fn a_backup_that_cannot_be_finished_leaves_nothing() {
        let bench = Bench::new().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::create_dir(&file).unwrap();
        assert!(back_up((*bench.cloud.plan).clone(), &file).await.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn tables_refer_to_accounts_only_so_that_a_backup_brings_those_first() {
        for entry in fs::read_dir("src/cloud/migrations").unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let others = text.split("REFERENCES ").skip(1).filter(|rest| !rest.starts_with("accounts "));
            assert_eq!(others.count(), 0, "{}", path.display());
        }
    }
}
