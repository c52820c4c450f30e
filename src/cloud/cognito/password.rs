//! The first step: the password, proved by SRP (USER_SRP_AUTH, PASSWORD_VERIFIER) or sent (USER_PASSWORD_AUTH).
//!
//! A name without an account gets the same work, the same delays and the same words as one with a wrong password.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::named::{self, Named};
use super::{fields, step};
use crate::base::Secret;
use crate::cloud::guesses;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::passwords::{KeptPassword, Passwords};
use crate::cloud::site::Site;
use crate::cloud::store::Account;
use crate::protocol::cognito::{AuthReply, Parameters};
use crate::protocol::srp::{self, Exchange, SessionKey, Verifier};

const EXCHANGE_LIFETIME: Duration = Duration::from_secs(180);
const CLOCK_WINDOW: Duration = Duration::from_secs(300);
const BLOCK: &str = "secret block";

/// Whose password was right.
enum Owner {
    Account(Account),
    /// Their address is not confirmed yet.
    SignUp,
}

/// The service's half of an exchange, sealed into SECRET_BLOCK.
#[derive(Serialize, Deserialize)]
struct Block {
    user_id: String,
    client_id: String,
    expires: u64,
    key: String,
}

pub(super) async fn begin(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let username = fields::username(parameters)?;
    let client_public = fields::required(parameters, "SRP_A")?.to_owned();
    if site.cloud.plan.passwords == Passwords::Argon2id {
        return Err(Fault::Parameter("USER_SRP_AUTH flow not enabled for this client".into()));
    }
    let named = unlocked(site, username).await?;
    let verifier = verifier(site, &named);
    let (salt, random) = (verifier.salt_hex(), site.cloud.entropy.secret());
    let exchange = site.cloud.heavy.run(move || Exchange::answer(&verifier, &client_public, &random)).await??;
    let block = Block {
        user_id: named.id.as_str().to_owned(),
        client_id: client.to_owned(),
        expires: site.cloud.now().plus(EXCHANGE_LIFETIME).unix_seconds(),
        key: HEXLOWER.encode(exchange.key.bytes()),
    };
    let reply = AuthReply { challenge_name: Some("PASSWORD_VERIFIER".to_owned()), ..AuthReply::default() };
    Ok(step::with_parameters(
        reply,
        [
            ("SALT", salt),
            ("SECRET_BLOCK", BASE64.encode(&block.seal(site)?)),
            ("SRP_B", exchange.public_hex),
            ("USERNAME", named.id.as_str().to_owned()),
            ("USER_ID_FOR_SRP", named.id.as_str().to_owned()),
        ],
    ))
}

pub(super) async fn prove(site: &Site, client: &str, responses: &Parameters) -> Result<AuthReply, Fault> {
    fields::username(responses)?;
    let timestamp = fields::required(responses, "TIMESTAMP")?;
    let signature = fields::required(responses, "PASSWORD_CLAIM_SIGNATURE")?;
    let sealed = fields::required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
    let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| srp::Error::NotBase64("PASSWORD_CLAIM_SECRET_BLOCK"))?;
    let now = site.cloud.now();
    let block = Block::open(site, &sealed).filter(|block| block.client_id == client).ok_or(Fault::InvalidSession)?;
    if block.expires <= now.unix_seconds() {
        return Err(Fault::SessionExpired);
    }
    check_clock(timestamp, now)?;
    if !site.cloud.store.spend_block(&sealed, now.plus(EXCHANGE_LIFETIME)).await? {
        return Err(Fault::InvalidSession);
    }
    let proof = block.session_key()?.check(site.cloud.pool_name(), &block.user_id, &sealed, timestamp, signature);
    let id = AccountId::from_text(block.user_id);
    let owner = if proof.is_ok() { owner(named::find(site, id.as_str()).await?) } else { None };
    settle(site, client, &id, owner).await
}

/// USER_PASSWORD_AUTH
pub(super) async fn check(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let username = fields::username(parameters)?;
    let password = fields::required(parameters, "PASSWORD")?;
    if password.chars().count() > 256 {
        return Err(Fault::Constraint("password", "Member must have length less than or equal to 256"));
    }
    let (named, password) = (unlocked(site, username).await?, Secret::from(password));
    let right = site.cloud.is_password(&named.id, named.password(), &password).await?;
    if let (true, Some(account)) = (right, &named.account) {
        keep_anew(site, account, password).await?;
    }
    let id = named.id.clone();
    settle(site, client, &id, if right { owner(named) } else { None }).await
}

/// Whoever has that name, unless too many wrong passwords were tried.
async fn unlocked(site: &Site, username: &str) -> Result<Named, Fault> {
    let named = named::find(site, username).await?;
    match site.guess_wait(&guesses::PASSWORD, named.id.as_str()).await? {
        Some(wait) => Err(Fault::LockedOut(wait)),
        None => Ok(named),
    }
}

/// The real one, or one that no password fits, always the same for that id.
fn verifier(site: &Site, named: &Named) -> Verifier {
    match named.password() {
        Some(KeptPassword::Srp(verifier)) => Verifier::clone(verifier),
        Some(KeptPassword::Argon2id(_)) | None => {
            Verifier::fake(&site.cloud.vault.derive("verifier of nobody", named.id.as_str().as_bytes()))
        }
    }
}

fn owner(named: Named) -> Option<Owner> {
    let sign_up = named.sign_ups.first().map(|_| Owner::SignUp);
    named.account.map(Owner::Account).or(sign_up)
}

async fn keep_anew(site: &Site, account: &Account, password: Secret<String>) -> Result<(), Fault> {
    let Some(kept) = &account.password else { return Ok(()) };
    if let Some(anew) = site.cloud.password_to_keep_anew(&account.id, kept, password).await? {
        site.cloud.store.keep_password_anew(&account.id, kept, &anew).await?;
    }
    Ok(())
}

/// `owner`: `None` when the password was wrong.
async fn settle(site: &Site, client: &str, id: &AccountId, owner: Option<Owner>) -> Result<AuthReply, Fault> {
    let Some(owner) = owner else {
        let locked = site.note_wrong_guess(&guesses::PASSWORD, id.as_str()).await?;
        site.note_failure(id, "wrong password").await?;
        return Err(locked.map_or(Fault::WrongPassword, Fault::LockedOut));
    };
    if let Some(wait) = site.note_right_guess(&guesses::PASSWORD, id.as_str()).await? {
        return Err(Fault::LockedOut(wait));
    }
    match owner {
        Owner::Account(account) => step::after_password(site, client, &account).await,
        Owner::SignUp => Err(Fault::NotConfirmed),
    }
}

/// A wrong clock must not look like a wrong password, nor count as one (COG-08).
fn check_clock(timestamp: &str, now: Moment) -> Result<(), Fault> {
    let claimed = srp::parse_timestamp(timestamp)
        .map(Moment::of)
        .ok_or(Fault::Constraint("TIMESTAMP", "Member must have the form 'Tue Jan 2 03:04:05 UTC 2024'"))?;
    let off = now.until(claimed).max(claimed.until(now));
    if off > CLOCK_WINDOW { Err(Fault::ClockOff(off)) } else { Ok(()) }
}

impl Block {
    fn seal(&self, site: &Site) -> Result<Vec<u8>, Fault> {
        let content = Secret::new(serde_json::to_vec(self).map_err(Fault::Serialization)?);
        Ok(site.cloud.vault.seal(BLOCK, content.expose()))
    }

    fn open(site: &Site, sealed: &[u8]) -> Option<Self> {
        let content = site.cloud.vault.unseal(BLOCK, sealed).ok()?;
        serde_json::from_slice(content.expose()).ok()
    }

    fn session_key(&self) -> Result<SessionKey, Fault> {
        let bytes = HEXLOWER.decode(self.key.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(SessionKey::from_bytes).ok_or(Fault::InvalidSession)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PASSWORD, cognito, proof_of};

    #[tokio::test]
    async fn the_right_password_signs_in_by_srp_whatever_the_case_of_the_email() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for name in [EMAIL, "ann+pi@EXAMPLE.test"] {
            let proof = bench.proof(name, PASSWORD).await;
            assert!(bench.prove(&proof).await.signed_in());
        }
    }

    #[tokio::test]
    async fn a_name_without_an_account_looks_like_a_wrong_password_and_keeps_its_salt() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let mut answers = Vec::new();
        for name in [EMAIL, "nobody@example.test", "nobody@example.test"] {
            let begun = bench.initiate("USER_SRP_AUTH", json!({"USERNAME": name, "SRP_A": "2f"})).await;
            let refused = bench.prove(&bench.proof(name, "wrong-password").await).await;
            let plain =
                bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": name, "PASSWORD": "wrong-password"})).await;
            for refused in [&refused, &plain] {
                assert_eq!(refused.fault(), "NotAuthorizedException");
                assert_eq!(refused.message(), "Incorrect username or password.");
            }
            let parameters = &begun.body["ChallengeParameters"];
            answers.push((parameters["SALT"].clone(), parameters["USER_ID_FOR_SRP"].clone()));
            let shape: Vec<usize> =
                ["SALT", "USER_ID_FOR_SRP"].map(|name| parameters[name].as_str().unwrap().len()).to_vec();
            assert_eq!(shape, [32, 36]);
        }
        assert_ne!(answers[0], answers[1]);
        assert_eq!(answers[1], answers[2]);
    }

    #[tokio::test]
    async fn an_a_that_is_zero_modulo_n_or_too_long_is_refused() {
        let bench = Bench::new().await;
        let modulus = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                       EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                       EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
                       83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
                       E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
                       15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
                       ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
                       BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
        for bad in ["0", "00", modulus, "xyz", &"f".repeat(60_000), &"f".repeat(1_000_000)] {
            let reply = bench.initiate("USER_SRP_AUTH", json!({"USERNAME": EMAIL, "SRP_A": bad})).await;
            assert_eq!((reply.status.as_u16(), reply.fault()), (400, "InvalidParameterException"), "{:.20}", bad);
        }
    }

    #[tokio::test]
    async fn a_secret_block_is_answered_once_in_time_and_by_its_own_client() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let elsewhere = bench.beside(|plan| plan.client_id = "client2".to_owned()).await;
        let proof = bench.proof(EMAIL, PASSWORD).await;
        let foreign = cognito(&elsewhere, "RespondToAuthChallenge", proof_of("client2", &proof).to_string()).await;
        assert_eq!(foreign.fault(), "NotAuthorizedException");
        assert!(bench.prove(&proof).await.signed_in());
        assert_eq!(bench.prove(&proof).await.message(), "Invalid session for the user.");

        let late = bench.proof(EMAIL, PASSWORD).await;
        bench.hand.pass(EXCHANGE_LIFETIME);
        assert_eq!(bench.prove(&late).await.message(), "Invalid session for the user, session is expired.");

        let mut forged = bench.proof(EMAIL, PASSWORD).await;
        for block in [BASE64.encode(&[7; 200]), "%%%".to_owned(), String::new()] {
            forged["PASSWORD_CLAIM_SECRET_BLOCK"] = block.into();
            assert_eq!(bench.prove(&forged).await.status.as_u16(), 400);
        }
    }

    #[tokio::test]
    async fn a_wrong_clock_is_named_and_does_not_count_as_a_wrong_password() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for timestamp in ["Tue Jan 2 02:59:00 UTC 2024", "Tue Jan 2 03:10:00 UTC 2024"] {
            for _ in 0..6 {
                let mut proof = bench.proof(EMAIL, PASSWORD).await;
                proof["TIMESTAMP"] = timestamp.into();
                let reply = bench.prove(&proof).await;
                assert!(reply.message().starts_with("TIMESTAMP is "), "{}", reply.message());
            }
        }
        let mut zero_padded = bench.proof(EMAIL, PASSWORD).await;
        zero_padded["TIMESTAMP"] = "Tue Jan 02 03:04:05 UTC 2024".into();
        assert_eq!(bench.prove(&zero_padded).await.fault(), "InvalidParameterException");
        assert!(bench.begin().await.signed_in());
    }

    #[tokio::test]
    async fn five_wrong_passwords_lock_the_name_for_a_second_that_doubles_and_survives_a_restart() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for name in [EMAIL, "nobody@example.test"] {
            let wrong = json!({"USERNAME": name, "PASSWORD": "wrong-password"});
            for _ in 0..5 {
                let reply = bench.initiate("USER_PASSWORD_AUTH", wrong.clone()).await;
                assert_eq!(reply.message(), "Incorrect username or password.");
            }
            let locked = bench.initiate("USER_PASSWORD_AUTH", wrong.clone()).await;
            assert!(locked.message().starts_with("Password attempts exceeded. Try again in "));
            assert_eq!(locked.headers["retry-after"], "1");
        }
        assert!(bench.begin().await.message().starts_with("Password attempts exceeded. Try again in "));
        let restarted = bench.beside(|_same| {}).await;
        let body = json!({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": CLIENT,
                          "AuthParameters": {"USERNAME": EMAIL, "PASSWORD": PASSWORD}});
        let again = cognito(&restarted, "InitiateAuth", body.to_string()).await;
        assert!(again.message().starts_with("Password attempts exceeded. Try again in "));
        bench.hand.pass(Duration::from_secs(1));
        assert!(bench.begin().await.signed_in());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_guesses_at_once_are_not_told_more_than_five_verdicts() {
        let bench = std::sync::Arc::new(Bench::new().await);
        bench.ann(None, None).await;
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let bench = bench.clone();
            guesses.spawn(async move { bench.prove(&bench.proof(EMAIL, "wrong-password").await).await });
        }
        let replies = guesses.join_all().await;
        let told = replies.iter().filter(|reply| reply.message() == "Incorrect username or password.").count();
        assert_eq!(told, 5);
    }
}
