//! The portal: the account screens of `panel::screens`, served to everybody who has an account here. It asks the service's own
//! functions, without HTTP in between. A browser's session stands on a token family, as any other sign-in does.
//!
//! | URL below `/account/` | what it is |
//! |---|---|
//! | `/sign-in` and what follows | the screens of a sign-in |
//! | `/sign-up`, `/forgot-password` and what follows | ways to an account |
//! | `/` and the rest | the screens of an account |
//! | `/with-provider`, `/provider-answer` | sign in by way of an OpenID provider, or link its account |
//! | `/sign-out` | end this browser's session |

mod door;
mod house;
mod keys;
mod log;
mod owner;
mod people;
mod profile;
mod provider;
mod reception;
mod shown;
mod sign_in;
mod sign_ins;
mod two_factor;
mod visit;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, get, post};
use tokio::task::JoinSet;

pub(super) use provider::answer_address;

use super::moment::Moment;
use super::site::Site;
use super::visitor::Visitor as Asker;
use crate::panel::screens::host::{Authority, Name};
use crate::panel::screens::rooms::House;
use crate::panel::screens::{self, Reception, Visitor};

/// Where the portal lies.
pub(super) const FOLDER: &str = "/account/";
/// No form is longer.
const LONGEST_FORM: usize = 64 * 1024;

/// The portal's state, passed to every handler. Cheap to clone.
#[derive(Clone)]
struct Portal(Arc<Inner>);

struct Inner {
    site: Site,
    /// What stands in the address bar when people use the public URL.
    public: Option<Authority>,
    public_is_https: bool,
    form_salt: [u8; 32],
    tasks: Mutex<JoinSet<()>>,
}

/// Everything below [`FOLDER`].
pub(super) fn router(site: &Site) -> Router {
    let portal = Portal::new(site.clone());
    let own = Router::new()
        .route("/sign-out", post(sign_ins::sign_out))
        .route("/with-provider", get(provider::begin))
        .route("/provider-answer", get(provider::answer))
        .with_state(portal.clone());
    let house: Arc<dyn House> = Arc::new(portal);
    let reception: Arc<dyn Reception> = house.clone();
    let sign_in = screens::sign_in_routes().with_state(Arc::clone(&reception));
    let account = screens::account_routes("/").with_state(house);
    let pages = own.merge(sign_in).merge(account).layer(DefaultBodyLimit::max(LONGEST_FORM));
    Router::new()
        .nest_service(FOLDER, screens::behind_the_gate(pages, reception))
        .route(FOLDER.trim_end_matches('/'), any(async || Redirect::permanent("account/")))
}

/// `GET /`: people who type the service's name want the portal.
pub(super) async fn start() -> Response {
    Redirect::to(FOLDER.trim_start_matches('/')).into_response()
}

impl Portal {
    fn new(site: Site) -> Self {
        let (scheme, rest) = site.url().split_once("://").unwrap_or(("http", site.url()));
        let host = rest.split('/').next().unwrap_or_default();
        Self(Arc::new(Inner {
            public: Authority::parse(host),
            public_is_https: scheme == "https",
            // The same on every instance: one form may reach two of them.
            form_salt: site.cloud.vault.derive("portal forms", b""),
            tasks: Mutex::default(),
            site,
        }))
    }

    fn now(&self) -> Moment {
        self.0.site.cloud.now()
    }

    /// The service, as asked by this browser.
    fn site_for(&self, visitor: &Visitor) -> Site {
        self.0.site.asked_by(Asker { address: visitor.source.address, program: visitor.program.clone() })
    }

    fn is_our_name(&self, name: &Name) -> bool {
        let is_loopback = match name {
            Name::Address(address) => address.is_loopback(),
            Name::Dns(name) => name == "localhost",
        };
        let public = self.0.public.as_ref();
        // A listener on all addresses has no name to compare with; nobody can make an address lead elsewhere.
        let anywhere = public.is_none_or(|public| matches!(&public.name, Name::Address(own) if is_unspecified(own)));
        is_loopback
            || public.is_some_and(|public| public.name == *name)
            || (anywhere && matches!(name, Name::Address(_)))
    }

    /// Runs until done, whatever becomes of the request; stops with the service.
    fn in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

fn is_unspecified(address: &IpAddr) -> bool {
    address.is_unspecified()
}
