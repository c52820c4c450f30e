//! Which passwords are taken, and what is kept instead of one: an SRP verifier, which never sees the password again, or an
//! Argon2id hash, where clients send it.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use zxcvbn::{Score, zxcvbn};

use super::Cloud;
use super::error::Error;
use super::ids::AccountId;
use super::store::Store;
use super::vault::Vault;
use crate::base::Secret;
use crate::protocol::srp::Verifier;

/// How new passwords rest. Under `Argon2id` clients are told to send the password; old ones change over as their owners sign in.
/// Going back to `Srp` is possible too, but owners whose agents prove passwords by SRP must then reset theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passwords {
    #[default]
    Srp,
    Argon2id,
}

/// What is kept instead of a password.
#[derive(Clone)]
pub(crate) enum KeptPassword {
    Srp(Box<Verifier>),
    /// In PHC form.
    Argon2id(Secret<String>),
}

/// The kinds that accounts of this database may have. A check does the work of each, so that its time does not tell which kind
/// an account has, or whether there is one.
#[derive(Clone)]
pub(super) struct InUse {
    srp: bool,
    argon2id: bool,
    /// A verifier of nobody's, sealed as an account's is.
    nobodys: Arc<Vec<u8>>,
}

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("The password must have 7 to 256 characters.")]
    Length,
    #[error("The password must not contain blanks.")]
    Blank,
    #[error(
        "This password is one of the first that anybody would guess; take several unrelated words, or a generated one."
    )]
    Weak,
}

impl Passwords {
    fn kind(self) -> &'static str {
        match self {
            Self::Srp => KeptPassword::SRP,
            Self::Argon2id => KeptPassword::ARGON2ID,
        }
    }
}

impl KeptPassword {
    /// Names in the database.
    pub(crate) const SRP: &str = "srp";
    pub(crate) const ARGON2ID: &str = "argon2id";

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Srp(_) => Self::SRP,
            Self::Argon2id(_) => Self::ARGON2ID,
        }
    }
}

impl InUse {
    pub(super) async fn of(store: &Store, vault: &Vault, passwords: Passwords) -> Result<Self, Error> {
        let kinds = store.note_password_kind(passwords.kind()).await?;
        let has = |kind| kinds.iter().any(|known| known == kind);
        let nobodys = Arc::new(vault.seal(NOBODYS_VERIFIER, Verifier::fake(&[0; 32]).to_bytes().expose()));
        Ok(Self { srp: has(KeptPassword::SRP), argon2id: has(KeptPassword::ARGON2ID), nobodys })
    }
}

impl Cloud {
    /// May it be chosen? `email`: a password made of it is weak.
    pub(super) async fn check_password(&self, password: &Secret<String>, email: &str) -> Result<(), Error> {
        let (password, email) = (password.clone(), email.to_owned());
        Ok(self.heavy.run(move || fits(&password, &email)).await??)
    }

    /// What is kept of it.
    pub(super) async fn keep_password(&self, id: &AccountId, password: Secret<String>) -> Result<KeptPassword, Error> {
        match self.plan.passwords {
            Passwords::Srp => {
                let (pool, id, salt) = (self.pool_name().to_owned(), id.as_str().to_owned(), self.entropy.bytes());
                let work = move || KeptPassword::Srp(Box::new(Verifier::new(&pool, &id, &password, salt)));
                self.heavy.run(work).await
            }
            Passwords::Argon2id => {
                let salt: [u8; 16] = self.entropy.bytes();
                let work = move || argon2id()?.hash_password_with_salt(password.expose().as_bytes(), &salt);
                let hash = self.heavy.run_alone(work).await?.map_err(|_| Error::Argon2id)?;
                Ok(KeptPassword::Argon2id(Secret::new(hash.to_string())))
            }
        }
    }

    /// What reading the password of an account costs, for a name that has none: opening and checking a verifier takes a while.
    pub(super) fn read_nobodys_password(&self) {
        match self.plan.passwords {
            Passwords::Srp => {
                let opened = self.vault.unseal(NOBODYS_VERIFIER, &self.in_use.nobodys);
                std::hint::black_box(opened.ok().and_then(|bytes| Verifier::from_bytes(bytes.expose())));
            }
            Passwords::Argon2id => {}
        }
    }

    /// Is it the right one? Takes as long for `None`, which no password fits.
    pub(super) async fn is_password(
        &self,
        id: &AccountId,
        kept: Option<&KeptPassword>,
        password: &Secret<String>,
    ) -> Result<bool, Error> {
        let (verifier, hash) = match kept {
            Some(KeptPassword::Srp(verifier)) => (Some(Verifier::clone(verifier)), None),
            Some(KeptPassword::Argon2id(hash)) => (None, Some(hash.clone())),
            None => (None, None),
        };
        let by_verifier = if self.in_use.srp { self.fits_verifier(id, verifier, password).await? } else { false };
        let by_hash = if self.in_use.argon2id { self.fits_hash(hash, password).await? } else { false };
        Ok(by_verifier || by_hash)
    }

    /// What to keep from now on of a password that was right, when it rests as the plan no longer wants.
    pub(super) async fn password_to_keep_anew(
        &self,
        id: &AccountId,
        kept: &KeptPassword,
        password: Secret<String>,
    ) -> Result<Option<KeptPassword>, Error> {
        if kept.kind() == self.plan.passwords.kind() {
            Ok(None)
        } else {
            self.keep_password(id, password).await.map(Some)
        }
    }

    async fn fits_verifier(
        &self,
        id: &AccountId,
        verifier: Option<Verifier>,
        password: &Secret<String>,
    ) -> Result<bool, Error> {
        let (pool, id, password) = (self.pool_name().to_owned(), id.as_str().to_owned(), password.clone());
        let real = verifier.is_some();
        let verifier = verifier.unwrap_or_else(|| Verifier::fake(&[0; 32]));
        Ok(self.heavy.run(move || verifier.accepts(&pool, &id, &password)).await? && real)
    }

    async fn fits_hash(&self, hash: Option<Secret<String>>, password: &Secret<String>) -> Result<bool, Error> {
        let (real, password) = (hash.is_some(), password.clone());
        let hash = hash.unwrap_or_else(|| Secret::from(NOBODYS_HASH));
        let work = move || {
            argon2id().is_ok_and(|argon2id| {
                argon2id.verify_password(password.expose().as_bytes(), hash.expose().as_str()).is_ok()
            })
        };
        Ok(self.heavy.run_alone(work).await? && real)
    }
}

const NOBODYS_VERIFIER: &str = "verifier of nobody";
/// Of no password that anybody knows.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// 19 MiB, twice over, one lane.
fn argon2id() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None)?))
}

/// 7 to 256 characters, no white space (reference §1.2, §2.6), not in zxcvbn's weakest class.
fn fits(password: &Secret<String>, email: &str) -> Result<(), Unfit> {
    let text = password.expose();
    if !(7..=256).contains(&text.chars().count()) {
        return Err(Unfit::Length);
    }
    if text.contains(char::is_whitespace) {
        return Err(Unfit::Blank);
    }
    let parts: Vec<&str> = [email].into_iter().chain(email.split(['@', '.', '+', '-', '_'])).collect();
    if zxcvbn(text, &parts).score() == Score::Zero { Err(Unfit::Weak) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PASSWORD, cognito};
    use serde_json::json;

    #[test]
    fn a_password_with_a_blank_out_of_length_or_known_to_every_guesser_is_refused() {
        let check = |text: &str| fits(&Secret::from(text), "ann.smith@example.test");
        let long = "kQ7!vR2#".repeat(32);
        for (bad, why) in [
            ("short1", Unfit::Length),
            (&format!("{long}x"), Unfit::Length),
            ("seven 77", Unfit::Blank),
            ("secret 12! ", Unfit::Blank),
            ("tab\there1", Unfit::Blank),
            ("password", Unfit::Weak),
            ("1234567", Unfit::Weak),
            ("aaaaaaaaaaaaaaaa", Unfit::Weak),
            ("qwertyuiop", Unfit::Weak),
            ("ann.smith@example.test", Unfit::Weak),
        ] {
            assert_eq!(check(bad), Err(why), "{bad}");
        }
        for good in ["p%40ss&x=1", "🙂🙂aA1!aA1!", &long, "another-password", PASSWORD, "tröt-zebra"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn where_the_password_is_sent_it_rests_as_a_hash_and_clients_are_told() {
        let bench = Bench::with(|plan| plan.passwords = Passwords::Argon2id).await;
        bench.ann(None, None).await;
        let ann = bench.cloud.store.account_named(EMAIL).await.unwrap().unwrap();
        assert!(matches!(ann.password, Some(KeptPassword::Argon2id(_))));
        assert!(bench.begin().await.signed_in());
        for name in [EMAIL, "nobody@example.test"] {
            let wrong = bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": name, "PASSWORD": "wrong-one"})).await;
            assert_eq!(wrong.message(), "Incorrect username or password.");
            let srp = bench.initiate("USER_SRP_AUTH", json!({"USERNAME": name, "SRP_A": "2f"})).await;
            assert_eq!(srp.fault(), "InvalidParameterException");
        }
        let request = axum::http::Request::get("/.well-known/latchkey").body(axum::body::Body::empty());
        let offers = bench.send(request.unwrap()).await.body["features"].to_string();
        assert!(offers.contains("password-auth"), "{offers}");
    }

    #[tokio::test]
    async fn a_password_changes_over_when_its_owner_signs_in_and_srp_tells_nothing_meanwhile() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let by_password = |name: &str| {
            json!({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": CLIENT,
                   "AuthParameters": {"USERNAME": name, "PASSWORD": PASSWORD}})
            .to_string()
        };
        let changed = bench.beside(|plan| plan.passwords = Passwords::Argon2id).await;
        for _ in 0..2 {
            assert!(cognito(&changed, "InitiateAuth", by_password(EMAIL)).await.signed_in());
        }
        let ann = bench.cloud.store.account_named(EMAIL).await.unwrap().unwrap();
        assert!(matches!(ann.password, Some(KeptPassword::Argon2id(_))));
        for name in [EMAIL, "nobody@example.test"] {
            let refused = bench.prove(&bench.proof(name, PASSWORD).await).await;
            assert_eq!(refused.message(), "Incorrect username or password.", "{name}");
        }
        let back = bench.beside(|_same| {}).await;
        for _ in 0..2 {
            assert!(cognito(&back, "InitiateAuth", by_password(EMAIL)).await.signed_in());
        }
        assert!(bench.prove(&bench.proof(EMAIL, PASSWORD).await).await.signed_in());
    }
}
