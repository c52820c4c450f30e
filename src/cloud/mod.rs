//! `latchkey-cloud`: the account service. Speaks the protocol of remote.it (Cognito JSON, auth API, GraphQL, signed requests).
//!
//! A request is followed from `routes` to the one file of its operation (`cognito/`, `graphql/`, `auth_api`), which asks the
//! `store` and answers. Everything that a second instance would need is in the store, or sealed into what the client holds.

mod access_keys;
mod accounts;
mod administration;
mod auth_api;
pub mod backup;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod bench_keys;
mod caller;
pub mod checks;
mod chores;
mod cognito;
pub mod command;
pub mod delivery;
mod error;
mod event_log;
mod event_table;
mod factors;
mod graphql;
mod guesses;
mod heavy;
mod ids;
mod masked;
mod metrics;
mod moment;
mod openid;
mod passwords;
mod permit;
mod phone;
mod portal;
mod routes;
pub mod settings;
mod site;
mod source_limit;
mod store;
#[cfg(test)]
mod test_database;
mod tokens;
mod vault;
mod visitor;

pub use accounts::{AddedAccount, NewAccount, Requirement};
pub use administration::{AccountDetails, AccountSummary};
pub use error::Error;
pub use openid::IdentityProvider;
pub use passwords::{Passwords, Unfit};
pub use source_limit::SourceLimit;

use std::fs::{DirBuilder, File, OpenOptions};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Clock, Entropy, Secret};
use crate::net::{self, Limits, Listener, listen::Speech, serve::Stop};
use delivery::Courier;
use heavy::Heavy;
use metrics::Metrics;
use moment::Moment;
use openid::Providers;
use passwords::InUse;
use site::Site;
use store::{Place, Store};
use tokens::Signer;
use vault::Vault;

const DATABASE: &str = "cloud.sqlite";

/// The service with its store. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    plan: Arc<Plan>,
    clock: Clock,
    entropy: Entropy,
    vault: Arc<Vault>,
    store: Store,
    signer: Arc<Signer>,
    providers: Providers,
    heavy: Heavy,
    courier: Arc<Courier>,
    metrics: Arc<Metrics>,
    in_use: InUse,
}

/// What a service is made of. [`Plan::new`] gives the usual values.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Folder for the server key, and for the database when it is a file; made when missing.
    pub state: PathBuf,
    /// URL of a PostgreSQL database that several instances may share; `None`: a SQLite file in `state`.
    pub database: Option<Secret<String>>,
    /// Absolute base URL that clients use; `None`: derived from the listener's address.
    pub public_url: Option<String>,
    pub user_pool_id: String,
    pub client_id: String,
    /// At most so many access keys per account (remote.it: 2; 0: any number).
    pub access_keys_per_account: u32,
    /// How new passwords rest.
    pub passwords: Passwords,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What messages and pages call the service.
    pub brand: String,
    /// How mail and text messages leave.
    pub delivery: delivery::Plan,
    /// Whose accounts open accounts here: Google, and others.
    pub identity_providers: Vec<IdentityProvider>,
    /// Addresses of clients, besides the relay `/v1/callback/`, that a browser may be sent back to with a code.
    pub redirect_urls: Vec<String>,
    /// The same for `/logout`.
    pub logout_urls: Vec<String>,
    /// What one source address may try.
    pub source_limit: SourceLimit,
    /// What happened to an account is kept for its owner for so long.
    pub events_kept: Duration,
}

/// The user pool of a service whose host chose none. The demo has it too, so that `latchkey-cloud` works on its state as it is.
pub const USUAL_POOL: &str = "local_Latchkey";

impl Plan {
    pub fn new(state: PathBuf) -> Self {
        Self {
            state,
            database: None,
            public_url: None,
            user_pool_id: USUAL_POOL.to_owned(),
            client_id: "latchkeyagent".to_owned(),
            access_keys_per_account: 2,
            passwords: Passwords::default(),
            trusted_proxies: Vec::new(),
            brand: "Latchkey".to_owned(),
            delivery: delivery::Plan::default(),
            identity_providers: Vec::new(),
            redirect_urls: Vec::new(),
            logout_urls: Vec::new(),
            source_limit: SourceLimit::default(),
            events_kept: Duration::from_secs(400 * 24 * 3600),
        }
    }

    /// The file without which nothing in the database opens.
    pub fn server_key(&self) -> PathBuf {
        vault::file_in(&self.state)
    }

    fn place(&self) -> Place {
        self.database.clone().map_or_else(|| Place::File(self.state.join(DATABASE)), Place::Postgres)
    }
}

/// Something that was to be delivered by mail or text message.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    pub at: std::time::SystemTime,
    /// `mail` or `sms`.
    pub kind: String,
    pub to: String,
    /// Empty once it was sent.
    pub text: String,
    /// `kept` (nothing carries it), `waiting`, `sent` or `failed`.
    pub state: String,
    /// Why it has not left, if it was tried.
    pub reason: String,
}

impl Cloud {
    /// Opens (or makes) the store, runs migrations.
    pub async fn open(plan: Plan, clock: Clock, entropy: Entropy) -> Result<Self, Error> {
        let providers = Providers::new(&plan.identity_providers)?;
        let (vault, _alone) = open_state(&plan, &entropy).await?;
        let vault = Arc::new(vault);
        let store = Store::open(&plan.place(), vault.clone(), entropy.clone()).await?.carrying(plan.delivery.carried());
        let courier = Arc::new(Courier::new(&plan)?);
        let heavy = Heavy::new();
        let signer = Arc::new(signing_key(&store, &heavy, Moment::of(clock.wall())).await?);
        let in_use = InUse::of(&store, &vault, plan.passwords).await?;
        let cloud = Self {
            plan: Arc::new(plan),
            clock,
            entropy,
            vault,
            store,
            signer,
            providers,
            heavy,
            in_use,
            courier,
            metrics: Arc::new(Metrics::new()),
        };
        cloud.check_pool().await?;
        Ok(cloud)
    }

    /// Newest last.
    pub async fn outbox(&self) -> Result<Vec<OutboxMessage>, Error> {
        Ok(self.store.outbox().await?)
    }

    /// Serves until stopped.
    pub async fn serve(&self, listener: Listener, stop: Stop) {
        let scheme = if matches!(listener.speech(), Speech::Plain) { "http" } else { "https" };
        let own_url =
            listener.address().map_or_else(|| "http://localhost".to_owned(), |own| format!("{scheme}://{own}"));
        let site = Site::new(self.clone(), own_url);
        net::serve(listener, routes::router(site), limits(), stop).await;
    }

    /// Shows what was counted, until stopped.
    pub async fn serve_metrics(&self, listener: Listener, stop: Stop) {
        net::serve(listener, metrics::router(self.clone()), Limits::default(), stop).await;
    }

    /// With another pool name no password that is kept here would ever be right again.
    async fn check_pool(&self) -> Result<(), Error> {
        let name = Secret::new(self.pool_name().as_bytes().to_vec());
        let known = self.store.server_secret("user pool name", self.now(), name.clone()).await?;
        if known.matches(name.expose()) {
            return Ok(());
        }
        Err(Error::OtherPool { known: String::from_utf8_lossy(known.expose()).into_owned() })
    }

    fn now(&self) -> Moment {
        Moment::of(self.clock.wall())
    }
}

/// Brings the database to this version's form, ahead of a start.
pub async fn migrate(plan: &Plan) -> Result<(), Error> {
    open_store(plan).await.map(|_store| ())
}

/// The database and nothing else.
async fn open_store(plan: &Plan) -> Result<Store, Error> {
    let entropy = Entropy::kernel();
    let (vault, _alone) = open_state(plan, &entropy).await?;
    Ok(Store::open(&plan.place(), Arc::new(vault), entropy).await?)
}

/// Many people may come through one proxy, and some bodies are answered in the protocol's own words rather than by a bare 413.
fn limits() -> Limits {
    Limits { connections: 800, connections_per_address: 400, body: cognito::LARGEST_ANSWERED, ..Limits::default() }
}

/// The folder with its key, and an empty database file where one is wanted, for this user's eyes only. Until the second value
/// is dropped no other process opens the same folder, so that two first starts do not mix.
async fn open_state(plan: &Plan, entropy: &Entropy) -> Result<(Vault, File), Error> {
    let (state, place, entropy) = (plan.state.clone(), plan.place(), entropy.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let alone = lock(&state).map_err(|error| Error::StateFolder(state.clone(), error))?;
        let vault = match &place {
            Place::Postgres(_) => Vault::open(&state, false, &entropy)?,
            Place::File(database) => {
                let vault = Vault::open(&state, database.exists(), &entropy)?;
                let made = OpenOptions::new().append(true).create(true).mode(0o600).open(database);
                made.map_err(|error| Error::StateFolder(state, error))?;
                vault
            }
        };
        Ok((vault, alone))
    });
    opened.await.map_err(|_stopped| Error::Interrupted)?
}

fn lock(state: &Path) -> std::io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(state)?;
    let folder = File::open(state)?;
    folder.lock()?;
    Ok(folder)
}

/// What the key is called that signs every token.
const SIGNING_KEY: &str = "token signing key";

async fn signing_key(store: &Store, heavy: &Heavy, now: Moment) -> Result<Signer, Error> {
    let pkcs8 = match store.find_server_secret(SIGNING_KEY).await? {
        Some(pkcs8) => pkcs8,
        None => store.server_secret(SIGNING_KEY, now, heavy.run(Signer::make).await??).await?,
    };
    Signer::read(&pkcs8)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn plan(state: &Path) -> Plan {
        Plan { user_pool_id: "local_TestPool1".to_owned(), ..Plan::new(state.to_owned()) }
    }

    async fn open(state: &Path) -> Result<Cloud, Error> {
        Cloud::open(plan(state), Clock::system(), Entropy::kernel()).await
    }

    #[tokio::test]
    async fn two_first_starts_at_once_end_up_with_one_key_and_one_store() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("cloud");
        let (one, other) = tokio::join!(open(&state), open(&state));
        assert_eq!(one.unwrap().signer.jwks(), other.unwrap().signer.jwks());
        for (path, mode) in [(state.clone(), 0o700), (state.join(DATABASE), 0o600)] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
    }

    #[tokio::test]
    async fn a_pool_of_another_name_is_refused_since_no_password_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).await.unwrap());
        let other = Plan { user_pool_id: "local_Other".to_owned(), ..plan(folder.path()) };
        let error = Cloud::open(other, Clock::system(), Entropy::kernel()).await.err().unwrap();
        assert!(error.to_string().ends_with("give a pool id that ends in '_TestPool1'."), "{error}");
    }

    #[tokio::test]
    async fn a_store_does_not_open_with_another_key_or_in_place_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).await.unwrap());
        std::fs::write(folder.path().join("server.key"), [7; 32]).unwrap();
        let error = open(folder.path()).await.err().unwrap();
        assert!(matches!(error, Error::Store(store::Error::Unreadable("token signing key"))));
        let error = open(&folder.path().join("server.key")).await.err().unwrap();
        assert!(matches!(error, Error::StateFolder(..)));
    }
}
