//! Who serves the screens. A house has a door (who may come in, and by which name) and a reception (signing in); futures are
//! boxed, so that every screen is compiled once.

use std::pin::Pin;
use std::time::Duration;

use http::HeaderMap;

use super::error::{Error, Problem};
use super::form::Mark;
use super::gate::{SignedIn, Visitor};
use super::host::Name;
use super::sign_in::{Welcome, Why};
use super::source::Source;
use super::step::Step;
use super::token::{Token, TokenHash};
use crate::account::Answer;
use crate::base::{Entropy, Secret};
use crate::net::Peer;

/// What a screen waits for.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the gate asks.
pub(crate) trait Door: Send + Sync + 'static {
    /// `None` when the request does not say (once) which host it wants.
    fn source(&self, peer: Peer, headers: &HeaderMap) -> Option<Source>;
    /// May a browser call us so? A page of another site that points its own name here is turned away.
    fn check_name(&self, name: &Name) -> Result<(), Error>;
    fn entropy(&self) -> &Entropy;
    /// Makes the marks of forms ours.
    fn form_salt(&self) -> [u8; 32];
    /// Is this path for those who are not signed in too?
    fn is_open(&self, path: &str) -> bool;
    /// Another site sends browsers here, which hold back their cookies then: they get no new ones.
    fn is_return(&self, _path: &str) -> bool {
        false
    }
    /// May everybody on the network look at this path over plain HTTP? Nothing there may be secret, or change anything.
    fn is_open_to_plain_http(&self, _path: &str) -> bool {
        false
    }
    fn session<'a>(&'a self, token: Option<&'a Token>) -> Later<'a, Result<Option<SignedIn>, Error>>;
    /// Does a page ask for this path by itself, so that nobody uses the session?
    fn is_glance(&self, _path: &str) -> bool {
        false
    }
    /// The session for such a path.
    fn glance<'a>(&'a self, token: Option<&'a Token>) -> Later<'a, Result<Option<SignedIn>, Error>> {
        self.session(token)
    }
    /// A browser whose session has ended asks for this page; it comes there from its next sign-in.
    fn come_back_to(&self, visitor: TokenHash, page: String) -> Later<'_, ()>;
    /// Where those go who are not signed in.
    fn way_in(&self, had_a_session: bool) -> &'static str;
    /// A session's cookie is kept by the browser so long at most.
    fn session_lasts(&self) -> Duration;
}

/// What the screens of a sign-in ask.
pub(crate) trait Reception: Door {
    /// Plays a move for a visitor; the same form sent twice is played once.
    fn play<'a>(&'a self, visitor: &'a Visitor, mark: Mark, wanted: Move) -> Later<'a, Result<Outcome, Problem>>;
    /// The visitor's pending sign-in, or the address to go to instead.
    fn step<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Step, String>>;
    /// What the sign-in page says to this visitor, or the address to go to instead.
    fn welcome<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Welcome, String>>;
    /// Why somebody who wanted something else finds the sign-in page.
    fn reason(&self, why: Why) -> &'static str;
}

/// What a visitor asks for.
#[derive(Debug)]
pub(crate) enum Move {
    Begin {
        email: String,
        password: Secret<String>,
    },
    Answer(Answer),
    /// "Can't access your two-factor device?"
    Recover,
    /// Another text message with a code.
    SendAgain,
}

/// Where a move leads.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// To the page of the next question.
    Ask(String),
    /// To that page, with the session that the browser shows from now on.
    SignedIn(Token, String),
    /// The sign-in is over, or cannot go on here.
    Elsewhere(String),
}
