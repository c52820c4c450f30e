//! Signing in by way of an OpenID provider: the portal is a client of this service's own `/oauth2/authorize`, and changes the code
//! that comes back for a sign-in. With a session the same way links the provider's account with this one.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::door::troubled;
use super::visit::Memory;
use super::{FOLDER, Portal};
use crate::base::Secret;
use crate::cloud::openid::{self, Redemption};
use crate::cloud::site::Site;
use crate::panel::screens::form::Mark;
use crate::panel::screens::page;
use crate::panel::screens::room::Done;
use crate::panel::screens::sign_in::{self, Why};
use crate::panel::screens::{Error, Outcome, Problem, Visitor, step};

/// The page that a provider's answer comes to.
pub(super) const ANSWER: &str = "provider-answer";

/// A browser that is away at a provider.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Away {
    state: String,
    verifier: String,
    /// To be linked with the account that is signed in.
    links: bool,
}

/// Where browsers come back to, registered for this service's own client.
pub(in crate::cloud) fn answer_address(site: &Site) -> String {
    format!("{}{FOLDER}{ANSWER}", site.url())
}

/// Sends the browser away. `name` in the address: which provider; `link`: to link its account.
pub(super) async fn begin(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    address: Uri,
) -> Response {
    let name = parameter(&address, "name").unwrap_or_default();
    let site = portal.site_for(&visitor);
    if !site.cloud.providers.iter().any(|provider| provider.name() == name) {
        return page::error(&Error::NoSuchPage.problem(), "");
    }
    let ticket = match portal.ticket(&site, &visitor, &address).await {
        Ok(ticket) => ticket,
        Err(problem) => return page::error(&problem, ""),
    };
    let away = Away {
        state: BASE64URL_NOPAD.encode(&site.cloud.entropy.bytes::<32>()),
        verifier: BASE64URL_NOPAD.encode(&site.cloud.entropy.bytes::<48>()),
        links: ticket.is_some(),
    };
    let there = format!("../oauth2/authorize?{}", away.query(&site, &name, ticket.as_ref()));
    let sent = portal.once(&visitor, Mark::default(), move |_portal, mut memory| async move {
        memory.away = Some(away);
        (memory, Ok(Outcome::Elsewhere(there)))
    });
    match sent.await {
        Ok(outcome) => step::lead_on(&portal, &visitor, outcome),
        Err(problem) => page::error(&problem, ""),
    }
}

/// The browser is back.
pub(super) async fn answer(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    address: Uri,
) -> Response {
    let site = portal.site_for(&visitor);
    let before = visitor.session.map(|session| session.hash);
    let came_back = portal.once(&visitor, Mark::default(), move |portal, mut memory| async move {
        let result = portal.come_back(&site, &mut memory, &address).await;
        if let (Ok(Outcome::SignedIn(..)), Some(before)) = (&result, before) {
            portal.end_session(&before.0).await;
        }
        (memory, result)
    });
    match came_back.await {
        Ok(outcome) => step::lead_on(&portal, &visitor, outcome),
        Err(problem) => sign_in::again(&portal, &visitor, problem).await,
    }
}

impl Portal {
    /// For a link: what says whose account it is to be linked with.
    async fn ticket(&self, site: &Site, visitor: &Visitor, address: &Uri) -> Result<Option<Secret<String>>, Problem> {
        if visitor.session.is_none() || parameter(address, "link").is_none() {
            return Ok(None);
        }
        let owner = self.owner(visitor).await?;
        Ok(Some(openid::ticket(site, owner.id(), &owner.who.family.id)))
    }

    async fn come_back(&self, site: &Site, memory: &mut Memory, address: &Uri) -> Result<Outcome, Problem> {
        let nothing = || Outcome::Elsewhere(Why::NothingPending.link().to_owned());
        let Some(away) = memory.away.take() else { return Ok(nothing()) };
        let state = parameter(address, "state").unwrap_or_default();
        if !Secret::new(away.state).matches(state.as_bytes()) {
            return Ok(nothing());
        }
        let Some(code) = parameter(address, "code") else {
            let told = parameter(address, "error_description").unwrap_or_default();
            let sentence =
                if told.is_empty() { "The sign-in there was not finished. Try again.".to_owned() } else { told };
            return Err(Problem::new(StatusCode::FORBIDDEN, sentence));
        };
        let redirect_uri = answer_address(site);
        let brought = Redemption {
            code: &code,
            client_id: &site.cloud.plan.client_id,
            redirect_uri: &redirect_uri,
            verifier: &away.verifier,
        };
        let result = openid::redeem(site, &brought).await;
        let result = result.map_err(|refusal| Problem::new(StatusCode::FORBIDDEN, refusal.to_string()))?;
        if !away.links {
            return self.let_in(site, memory, result).await;
        }
        // The session that asked for the link goes on.
        let refresh = result.refresh_token.unwrap_or_default();
        if let Some(family) = site.cloud.store.family_of(&refresh).await.map_err(troubled)? {
            site.cloud.store.revoke_family(&family.id, self.now()).await.map_err(troubled)?;
        }
        Ok(Outcome::Elsewhere(Done::Linked.at("./")))
    }
}

impl Away {
    fn query(&self, site: &Site, provider: &str, ticket: Option<&Secret<String>>) -> String {
        let challenge = BASE64URL_NOPAD.encode(Sha256::digest(self.verifier.as_bytes()).as_slice());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &site.cloud.plan.client_id)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &answer_address(site))
            .append_pair("identity_provider", provider)
            .append_pair("scope", "openid email profile aws.cognito.signin.user.admin")
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(ticket) = ticket {
            query.append_pair("link", ticket.expose());
        }
        query.finish()
    }
}

fn parameter(address: &Uri, name: &str) -> Option<String> {
    let query = address.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
