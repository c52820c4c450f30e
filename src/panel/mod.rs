//! The LAN web panel: gate, sessions, one file per screen.
//!
//! | URL | what it is | open to all |
//! |---|---|---|
//! | `/` | overview: owner, key, clock, notices | |
//! | `/claim` | the claim code of a device without owner | yes |
//! | `/ca`, `/ca.crt` | the device's certificate authority, also over plain HTTP | yes |
//! | `/continue` | a sign-in under way goes on at another device | yes |
//! | `/access-key` | sign in with an access key instead | yes |
//! | `/google`, `/google-return`, `/v1/callback/` | sign in with Google | yes |
//! | `/make-room` | the account holds its maximum of access keys | yes |
//! | `/live` | tells an open page when it is out of date | |
//! | `/device` | this Pi: health, the daemon | |
//! | `/settings`, `/about` | certificate, names, offline unlock; version, what is stored | |
//! | `/tokens` | device tokens, for programs | |
//! | `/api/v1/…` | the same things for programs | see `api` |
//! | `/sign-out` | end this browser's session | |
//! | `/sign-out-device` | give the device up | |
//!
//! The screens of a sign-in and of an account, the gate and the static files are those of `screens`, which the account service
//! serves too; `house` answers for the account.

mod about;
mod access_key;
mod api;
mod attention;
mod authority;
mod claim;
mod claim_code;
mod device_tokens;
mod drawer;
mod elsewhere;
mod google;
mod handover;
mod house;
mod kept_lines;
mod kept_sessions;
mod kept_tokens;
mod language;
mod limits;
mod live;
mod make_room;
mod offered;
mod offline;
mod overview;
mod packed;
mod pending;
mod place;
mod play;
mod reception;
mod refused;
mod returns;
mod scope;
pub(crate) mod screens;
mod session;
mod settings;
mod sign_out;
mod this_pi;
mod throttle;
mod tokens;
mod watch;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::task::JoinSet;

use crate::account::{self, Account};
use crate::base::{Clock, Entropy, Secret};
use crate::device::{self, Device};
use crate::keystore::{self, Keystore};
use crate::net::Identity;
use crate::protocol::recovery_code::RecoveryCodes;
use claim_code::Claim;
use device_tokens::DeviceTokens;
use handover::Handovers;
use kept_sessions::About;
use limits::Limits;
use live::Live;
use offered::Offered;
use offline::OfflineUnlock;
use pending::Pending;
use place::Places;
use refused::Refused;
use returns::Returns;
use screens::host::Names;
use screens::rooms::Shown;
use screens::token::Token;
use screens::{Outcome, SignedIn, Visitor};
use session::{Sessions, Times};
use watch::Watch;

/// The panel's state, passed to every handler. Cheap to clone.
#[derive(Clone)]
pub struct Panel(Arc<Inner>);

struct Inner {
    account: Account,
    clock: Clock,
    entropy: Entropy,
    device_name: String,
    identity: Identity,
    names: Names,
    refused: Refused,
    trusted_proxies: Vec<IpAddr>,
    claim: Claim,
    limits: Limits,
    live: Live,
    places: Places,
    returns: Returns,
    pending: Pending,
    handovers: Handovers,
    offline: OfflineUnlock,
    offered: Offered,
    device: Device,
    watch: Watch,
    sessions: Sessions,
    device_tokens: DeviceTokens,
    unsaved_tokens: Mutex<Vec<tokens::Unsaved>>,
    form_salt: [u8; 32],
    tasks: Mutex<JoinSet<()>>,
}

/// What a panel is made of.
pub struct Parts {
    pub account: Account,
    pub keystore: Keystore,
    pub clock: Clock,
    pub entropy: Entropy,
    /// What browsers are shown over TLS.
    pub identity: Identity,
    /// The claim code that an installer chose: letters and digits, upper case.
    pub given_claim_code: Option<Secret<String>>,
    pub device: Device,
    /// Names beyond addresses, `localhost`, the host name and `<host name>.local` that a browser may call this panel by.
    pub names: Vec<String>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Panel {
    /// Reads sessions and the claim code (made here when the device has no owner).
    pub fn new(parts: Parts) -> Result<Self, keystore::Error> {
        let device_name = device::host_name().unwrap_or_else(|| "localhost".to_owned());
        let (places, now) = (Places::default(), (parts.clock.wall(), parts.clock.monotonic()));
        let pending = Pending::load(parts.keystore.clone(), &parts.account, &places, now);
        let panel = Self(Arc::new(Inner {
            identity: parts.identity,
            refused: Refused::default(),
            names: Names::new(&device_name, parts.names),
            claim: Claim::load(parts.keystore.clone(), parts.entropy.clone())?,
            sessions: Sessions::load(parts.keystore.clone(), parts.clock.monotonic())?,
            device_tokens: DeviceTokens::load(parts.keystore.clone())?,
            unsaved_tokens: Mutex::default(),
            limits: Limits::new(),
            live: Live::default(),
            returns: Returns::default(),
            places,
            pending,
            handovers: Handovers::default(),
            offered: Offered::default(),
            offline: OfflineUnlock::load(parts.keystore, parts.entropy.clone()),
            device: parts.device,
            watch: Watch::default(),
            form_salt: parts.entropy.bytes(),
            tasks: Mutex::default(),
            trusted_proxies: parts.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
            account: parts.account,
            clock: parts.clock,
            entropy: parts.entropy,
            device_name,
        }));
        if let Some(given) = parts.given_claim_code {
            panel.0.claim.take(&given, panel.is_owned());
        }
        panel.claim_code();
        Ok(panel)
    }

    /// Every URL of the panel, behind the gate.
    pub fn router(&self) -> Router {
        let own = Router::new()
            .route("/", get(overview::page))
            .route("/claim", get(claim::page).post(claim::answer))
            .route("/ca", get(authority::page))
            .route(screens::gate::ROOT_CERTIFICATE, get(authority::file))
            .route("/continue", get(elsewhere::page).post(elsewhere::answer))
            .route("/access-key", get(access_key::page).post(access_key::adopt))
            .route("/google", get(google::page).post(google::begin))
            .route("/google-return", get(google::finish))
            .route(google::CALLBACK, get(google::callback))
            .route("/make-room", get(make_room::page).post(make_room::answer))
            .route(live::PATH, get(live::stream))
            .route("/tokens", get(tokens::page).post(tokens::change))
            .route("/sign-out", post(sign_out::panel))
            .route("/sign-out-device", get(sign_out::page).post(sign_out::device))
            .route("/device", get(this_pi::page).post(this_pi::change))
            .route("/settings", get(settings::page))
            .route("/about", get(about::page))
            .merge(offline::routes());
        let screens = own.merge(screens::sign_in_routes()).merge(screens::account_routes("/profile"));
        let pages = screens::behind_the_gate(screens.with_state(self.clone()), Arc::new(self.clone()));
        pages.nest_service("/api", api::router(self))
    }

    /// What an owner must type first; `None` once the device is owned.
    pub fn claim_code(&self) -> Option<String> {
        self.0.claim.code(self.is_owned())
    }

    /// Sessions of an owner who is none any more end, also when it was the command line that gave the device up.
    pub fn keep_house(&self) {
        self.session_of(None);
        self.0.device_tokens.write_uses(self.monotonic());
    }

    /// What waits to be written down until there is more of it is written now: the agent stops.
    pub fn write_down(&self) {
        self.0.device_tokens.write_all_uses(self.monotonic());
    }

    /// May a browser call the panel by this name?
    pub fn answers_to(&self, name: &str) -> bool {
        screens::host::Authority::parse(name).is_some_and(|authority| self.0.names.include(&authority.name))
    }

    pub fn for_the_console(&self) -> ForTheConsole {
        ForTheConsole { claim_code: self.claim_code(), refused_name: self.0.refused.latest(self.monotonic()) }
    }
}

/// What an owner may read at the machine itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForTheConsole {
    /// As long as the device has no owner.
    pub claim_code: Option<String>,
    /// A name that a browser called the panel by lately, and that is not known here.
    pub refused_name: Option<String>,
}

/// Ends every session of a device that was given up, for a command that works without the agent.
pub fn forget_sessions(keystore: &Keystore) -> Result<(), keystore::Error> {
    kept_sessions::forget(keystore)
}

/// The claim code as kept by a running (or stopped) agent, for `latchkey claim`.
pub fn kept_claim_code(keystore: &Keystore) -> Result<Option<String>, keystore::Error> {
    claim_code::kept(keystore)
}

/// What the screens ask the panel.
impl Panel {
    fn is_owned(&self) -> bool {
        self.0.account.status().owner.is_some()
    }

    fn monotonic(&self) -> Duration {
        self.0.clock.monotonic()
    }

    fn times(&self, status: &account::Status) -> Times {
        let wall = self.0.clock.wall();
        let service = status.clock_ahead.and_then(|ahead| overview::corrected(wall, ahead));
        Times { monotonic: self.monotonic(), service, wall }
    }

    /// The session that a browser's token stands for. Sessions that have ended are dropped on the way.
    fn session_of(&self, token: Option<&Token>) -> Option<SignedIn> {
        let status = self.0.account.status();
        let times = self.times(&status);
        let owner = status.owner.as_ref().map(|owner| owner.id.as_str());
        self.0.offline.sweep(owner);
        self.forget(self.0.sessions.sweep(owner, times));
        let hash = token?.hash();
        let standing = self.0.sessions.check(hash, owner?, times)?;
        Some(SignedIn { hash, standing })
    }

    /// A sign-in is done. A session that the browser had is replaced by this one, which takes over what lay in its drawer.
    /// Somebody who wanted a page before comes there now.
    fn open_session(
        &self,
        visitor: &Visitor,
        user: Option<account::Session>,
        codes: Option<RecoveryCodes>,
        wish: Option<String>,
    ) -> Outcome {
        let token = Token::new(&self.0.entropy);
        let status = self.0.account.status();
        let times = self.times(&status);
        let owner =
            user.as_ref().map(|user| user.owner.id.clone()).or(status.owner.as_ref().map(|owner| owner.id.clone()));
        let before = visitor.session.and_then(|before| self.0.sessions.close(before.hash, times));
        let drawer = before.unwrap_or_default();
        let (replaced, then) = drawer.renew(user, times.monotonic);
        let unsaved = codes.is_some().then(|| "recovery-codes".to_owned());
        if let Some(RecoveryCodes { long, short }) = codes {
            drawer.show(Shown::Codes { long, short }, times.monotonic);
        }
        let about = About {
            program: visitor.program.clone(),
            address: visitor.source.address.to_string(),
            began: times.service.unwrap_or(times.wall),
        };
        let ended = self.0.sessions.open(&token, &owner.unwrap_or_default(), about, drawer, times);
        self.forget(ended.into_iter().chain(replaced));
        self.claim_code();
        Outcome::SignedIn(token, unsaved.or(then).or(wish).unwrap_or_else(|| "./".to_owned()))
    }

    /// Gives user tokens back to the service; nobody waits for that.
    fn forget(&self, ended: impl IntoIterator<Item = account::Session>) {
        for user in ended {
            let account = self.0.account.clone();
            self.in_background(async move { account.forget(user).await });
        }
    }

    /// Runs until done, whatever becomes of the request; stops with the panel.
    fn in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}
