//! What one kind of account service must be able to do. A kind is a folder of pure machines (today `cognito`); the
//! machines say what to send and what to ask, `conversation` and `transport` carry it out. Time and randomness are
//! arguments, and every step consumes the machine, so that a used state cannot be used again.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::service_time::seconds_too_early;
use super::{Answer, Ask, Channel, Error};
use crate::base::Secret;
use crate::protocol::access_key::AccessKey;

/// A kind of account service, set up for one place.
pub(super) trait Provider: Send + Sync {
    /// The first step of a sign-in; blocks for as long as a key exchange takes to compute.
    fn begin(&self, email: &str, password: Secret<String>, random: &Secret<[u8; 128]>) -> Outcome;
    /// By way of which others people may sign in, by name.
    fn providers(&self) -> Vec<String>;
    /// Sends a browser to one of them; `panel` is where it is to end up.
    fn depart(&self, provider: &str, panel: &str, random: &Secret<[u8; 80]>) -> Option<Departure>;
    /// The browser is back with a code.
    fn redeem(&self, departure: &Departure, code: &Secret<String>) -> Outcome;
    fn renew(&self, renewal: &Secret<String>) -> Request;
    fn renewed(&self, reply: Reply, before: &Tokens, now: Now) -> Result<Tokens, Error>;
    fn revoke(&self, renewal: &Secret<String>) -> Request;
}

/// A machine that has asked the person something.
pub(super) trait Asking: fmt::Debug + Send + Sync {
    fn ask(&self) -> &Ask;
    fn email(&self) -> &str;
    /// When the service forgets this sign-in, by monotonic time.
    fn deadline(&self) -> Option<Duration>;
    /// When the code that was sent stops counting, where that is another time.
    fn code_ends(&self) -> Option<Duration>;
    fn can_recover(&self) -> bool;
    /// Another message with a code.
    fn can_send_again(&self) -> bool;
    /// Which factors may be used in place of the one that is asked for.
    fn others(&self) -> Vec<Channel>;
    fn answer(self: Box<Self>, answer: Answer) -> Outcome;
    fn recover(self: Box<Self>) -> Outcome;
    /// To be kept sealed; `None` when it holds what must stay in memory.
    fn write_down(&self) -> Option<Secret<String>>;
}

/// A machine that has asked the service something. `Err` is an exchange that brought no answer of the service.
pub(super) trait Waiting: fmt::Debug + Send + Sync {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome;
}

pub(super) type Outcome = Result<Step, Refused>;

/// What a machine wants next.
#[derive(Debug)]
pub(super) enum Step {
    Send(Request, Box<dyn Waiting>),
    Ask(Box<dyn Asking>),
    SignedIn(Tokens),
}

/// A step that did not lead on; with a machine when the person may try again.
#[derive(Debug)]
pub(super) struct Refused {
    pub error: Error,
    pub again: Option<Box<dyn Asking>>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, again: None }
    }
}

/// The time by the service's clock (as far as it is known), and monotonic time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub service: SystemTime,
    pub monotonic: Duration,
}

impl Now {
    /// What may stand in a proof: a clock that was never set makes a right password look wrong (COG-08).
    pub(super) fn for_proof(self) -> Result<SystemTime, Error> {
        match seconds_too_early(self.service) {
            0 => Ok(self.service),
            behind => Err(Error::ClockWrong { ahead_seconds: -behind }),
        }
    }
}

/// A browser that is away, and what its return is checked with.
#[derive(Debug)]
pub(super) struct Departure {
    pub address: String,
    pub state: Secret<String>,
    /// Whose hash went along (PKCE).
    pub verifier: Secret<String>,
}

/// The user's own tokens; memory only.
#[derive(Debug)]
pub(super) struct Tokens {
    pub access: Secret<String>,
    /// What a new access token is asked for with.
    pub renewal: Option<Secret<String>>,
    /// By monotonic time from receipt: the device's clock may be wrong (COG-24).
    pub expires: Duration,
}

/// One HTTP exchange. Without a body it is a GET.
#[derive(Debug)]
pub(super) struct Request {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub credential: Credential,
    pub body: Option<Secret<Vec<u8>>>,
    pub repeat: Repeat,
}

/// What a request shows to be let in.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    Nothing,
    Bearer(Secret<String>),
    /// Signed with the key at the moment of sending.
    Key(AccessKey),
}

/// May a request that went unanswered be sent again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Passwords, codes, whatever makes or destroys.
    Never,
    /// Asking again does no harm.
    Harmless,
}

/// The service's answer: JSON, or the short text of a refusal.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// `x-amzn-errortype`, which names an error that the body does not.
    pub error_type: Option<String>,
    pub body: Secret<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_proves_nothing() {
        let at =
            |seconds| Now { service: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), monotonic: Duration::ZERO };
        assert!(matches!(at(60).for_proof(), Err(Error::ClockWrong { ahead_seconds: -1_577_836_740 })));
        assert!(at(1_704_164_645).for_proof().is_ok());
    }
}
