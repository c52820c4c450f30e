//! The one file that sends: Cognito JSON, the auth API, GraphQL with a token or signed. Time-outs, size limits, when to try
//! again, and what time the service says it is. No redirect is ever followed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{AUTHORIZATION, DATE, HeaderValue, USER_AGENT};

use super::provider::{Credential, Now, Repeat, Reply, Request};
use super::service_time::{ServiceTime, seconds_ahead};
use super::{Error, Scheme, genuine};
use crate::base::{Clock, Entropy, Secret};
use crate::net::{self, client};
use crate::protocol::http_date;
use crate::protocol::signature::sign_url;

/// For one exchange, connecting included.
const WITHIN: Duration = Duration::from_secs(20);
/// Of an answer.
const AT_MOST: usize = 1024 * 1024;
/// Of a harmless request.
const TRIES: u32 = 3;
/// Before the second try; before the third it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const AGENT: &str = concat!("latchkey/", env!("CARGO_PKG_VERSION"));

pub(super) struct Transport {
    client: net::Client,
    clock: Clock,
    entropy: Entropy,
    time: ServiceTime,
    /// Since when nobody answers there, by monotonic time.
    away: Mutex<Option<Duration>>,
    within: Duration,
    /// Pauses are divided by this; more than 1 only in tests.
    haste: u32,
}

impl Transport {
    pub(super) fn new(client: net::Client, clock: Clock, entropy: Entropy) -> Self {
        Self { client, clock, entropy, time: ServiceTime::default(), away: Mutex::default(), within: WITHIN, haste: 1 }
    }

    #[cfg(test)]
    pub(super) fn be_impatient(&mut self) {
        self.haste = 1000;
        self.within = Duration::from_millis(500);
    }

    /// The service's time where it is known, else the device's.
    pub(super) fn now(&self) -> Now {
        let monotonic = self.clock.monotonic();
        Now { service: self.time.at(monotonic).unwrap_or_else(|| self.clock.wall()), monotonic }
    }

    /// Seconds that the device's clock is ahead of the service's.
    pub(super) fn clock_ahead(&self) -> Option<i64> {
        self.time.at(self.clock.monotonic()).map(|service| seconds_ahead(self.clock.wall(), service))
    }

    /// How long nobody has answered there; `None` when the last exchange brought an answer of the service.
    pub(super) fn away(&self) -> Option<Duration> {
        let since = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| self.clock.monotonic().saturating_sub(since))
    }

    fn note_whether_away(&self, outcome: &Result<Reply, Error>) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        *away = if may_pass(outcome) { away.or_else(|| Some(self.clock.monotonic())) } else { None };
    }

    /// Sends, and again where that does no harm and may help.
    pub(super) async fn send(&self, request: &Request) -> Result<Reply, Error> {
        let mut tries = 1;
        let mut corrected = false;
        loop {
            let outcome = self.exchange(request).await;
            self.note_whether_away(&outcome);
            if matches!(outcome, Err(Error::ClockWrong { .. })) && self.clock_ahead().is_some() && !corrected {
                // Refused without effect, and the right time is known now.
                corrected = true;
            } else if request.repeat == Repeat::Harmless && may_pass(&outcome) && tries < TRIES {
                tokio::time::sleep(self.pause(FIRST_PAUSE * tries)).await;
                tries += 1;
            } else {
                return outcome;
            }
        }
    }

    /// Between half of `longest` and all of it.
    pub(super) fn pause(&self, longest: Duration) -> Duration {
        let [share] = self.entropy.bytes::<1>();
        (longest / 2 + longest / 2 * u32::from(share) / u32::from(u8::MAX)) / self.haste
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, Error> {
        let answer =
            self.client.send(self.as_http(request)?, self.within, AT_MOST).await.map_err(|e| self.unanswered(e))?;
        let date = answer.headers().get(DATE).and_then(|date| http_date::parse(date.to_str().ok()?));
        let reply = genuine::reply(answer)?;
        let signed = matches!(request.credential, Credential::Key(_));
        match date {
            Some(date) if signed && genuine::refuses_our_time(&reply) => {
                self.time.correct(date, self.clock.monotonic());
                Err(Error::ClockWrong { ahead_seconds: seconds_ahead(self.clock.wall(), date) })
            }
            None if signed && genuine::refuses_our_time(&reply) => Err(Error::ClockWrong { ahead_seconds: 0 }),
            Some(date) => {
                self.time.learn(date, self.clock.monotonic());
                Ok(reply)
            }
            None => Ok(reply),
        }
    }

    fn as_http(&self, request: &Request) -> Result<http::Request<Bytes>, Error> {
        let body = request.body.as_ref().map_or(Bytes::new(), |body| Bytes::from_owner(Wiped(body.clone())));
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let mut message = http::Request::builder().method(&method).uri(&request.url).header(USER_AGENT, AGENT);
        for (name, value) in &request.headers {
            message = message.header(*name, value);
        }
        for (name, value) in self.credential_lines(request, &method, body.len())? {
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_unprintable| Error::SignInExpired)?;
            value.set_sensitive(true);
            message = message.header(name, value);
        }
        message
            .body(body)
            .map_err(|_malformed| Error::Misconfigured(format!("{} is not a URL that can be asked.", request.url)))
    }

    /// Made anew for every try, because a signature holds the time.
    fn credential_lines(
        &self,
        request: &Request,
        method: &Method,
        length: usize,
    ) -> Result<Vec<(String, Secret<String>)>, Error> {
        match &request.credential {
            Credential::Nothing => Ok(Vec::new()),
            Credential::Bearer(token) => {
                Ok(vec![(AUTHORIZATION.to_string(), Secret::new(format!("Bearer {}", token.expose())))])
            }
            Credential::Key(key) => {
                let sent = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
                let headers: Vec<_> = sent.chain([("content-length".to_owned(), length.to_string())]).collect();
                let now = self.now().service;
                let lines = sign_url(key, method.as_str(), &request.url, &headers, now, Scheme::Cavage)?;
                Ok(lines.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
            }
        }
    }

    fn unanswered(&self, error: client::Error) -> Error {
        if let Some(begins_in) = error.certificate_begins_in() {
            let behind = i64::try_from(begins_in.as_secs()).unwrap_or(i64::MAX);
            return Error::ClockWrong { ahead_seconds: -behind };
        }
        match error {
            client::Error::CaFile(path) => {
                Error::Misconfigured(format!("the CA file {} cannot be used.", path.display()))
            }
            client::Error::TooLarge(_) => Error::ServiceFault(error.into()),
            client::Error::Connect(_) | client::Error::Tls(_) | client::Error::TimedOut | client::Error::Broken(_) => {
                Error::Unreachable(error.into())
            }
        }
    }
}

/// Wiped when the last handle to the bytes is gone.
struct Wiped(Secret<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Failures that go away by themselves.
fn may_pass(outcome: &Result<Reply, Error>) -> bool {
    match outcome {
        Ok(reply) => reply.status >= 500,
        Err(error) => matches!(error, Error::Unreachable(_) | Error::ServiceFault(_) | Error::NotTheService),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::loopback::{Heard, Loopback, answer, with_header};
    use crate::base::clock::Hand;
    use crate::protocol::access_key::AccessKey;

    const JSON: &str = "application/json";

    fn transport(wall: &str) -> (Transport, Hand) {
        let (clock, hand) = Clock::by_hand(http_date::parse(wall).unwrap());
        let mut transport = Transport::new(net::Client::new(None).unwrap(), clock, Entropy::repeatable(1));
        transport.be_impatient();
        (transport, hand)
    }

    fn get(server: &Loopback, repeat: Repeat) -> Request {
        let url = format!("{}/x?y=%20", server.url);
        Request { url, headers: Vec::new(), credential: Credential::Nothing, body: None, repeat }
    }

    fn signed(server: &Loopback) -> Request {
        let key = AccessKey::parse("EXAMPLEKEYID00000001", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap();
        Request { credential: Credential::Key(key), ..get(server, Repeat::Never) }
    }

    const NOON: &str = "Tue, 02 Jan 2024 12:00:00 GMT";

    #[tokio::test]
    async fn a_redirect_is_not_followed_with_what_the_request_holds() {
        let elsewhere = Loopback::saying(|_, _| answer(200, JSON, "{}")).await;
        let moved = with_header(&answer(302, JSON, "{}"), &format!("location: {}", elsewhere.url));
        let server = Loopback::saying(move |_, _| moved.clone()).await;
        let _refused = transport(NOON).0.send(&signed(&server)).await;
        assert!(elsewhere.heard().is_empty());
    }

    #[tokio::test]
    async fn a_broken_service_is_told_from_an_absent_one() {
        for (said, broken) in [
            (answer(200, JSON, &"x".repeat(AT_MOST + 1)), true),
            (String::new(), false),
            (answer(200, JSON, "{}").replace("content-length: 2", "content-length: 3"), false),
        ] {
            let server = Loopback::saying(move |_, _| said.clone()).await;
            let outcome = transport(NOON).0.send(&get(&server, Repeat::Never)).await;
            assert!(if broken { is_fault(&outcome) } else { is_absence(&outcome) }, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_service_that_takes_too_long_is_unreachable() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let request = Request { url, ..get(&Loopback::saying(|_, _| String::new()).await, Repeat::Never) };
        assert!(is_absence(&transport(NOON).0.send(&request).await));
    }

    fn is_fault(outcome: &Result<Reply, Error>) -> bool {
        matches!(outcome, Err(Error::ServiceFault(_)))
    }

    fn is_absence(outcome: &Result<Reply, Error>) -> bool {
        matches!(outcome, Err(Error::Unreachable(_)))
    }

    #[tokio::test]
    async fn only_what_does_no_harm_is_sent_again() {
        let third_time_lucky =
            |_: &Heard, before| if before < 2 { answer(503, "text/html", "") } else { answer(200, JSON, "{}") };
        let server = Loopback::saying(third_time_lucky).await;
        let (transport, _) = transport(NOON);
        assert!(transport.send(&get(&server, Repeat::Never)).await.is_err());
        assert_eq!(server.heard().len(), 1);
        assert_eq!(transport.send(&get(&server, Repeat::Harmless)).await.unwrap().status, 200);
        assert_eq!(server.heard().len(), 3);
    }

    #[tokio::test]
    async fn the_time_of_the_service_is_learned_and_signed_with() {
        let dated = with_header(&answer(200, JSON, "{}"), &format!("date: {NOON}"));
        let server = Loopback::saying(move |_, _| dated.clone()).await;
        let (transport, hand) = transport("Thu, 01 Jan 1970 00:00:10 GMT");
        assert_eq!(transport.clock_ahead(), None);
        transport.send(&signed(&server)).await.unwrap();
        transport.send(&signed(&server)).await.unwrap();
        hand.set_wall(http_date::parse(NOON).unwrap());
        let dates: Vec<_> = server.heard().iter().map(|heard| heard.header("date").unwrap().to_owned()).collect();
        assert_eq!(dates, ["Thu, 01 Jan 1970 00:00:10 GMT", NOON]);
        assert_eq!(transport.clock_ahead(), Some(0));
    }

    #[tokio::test]
    async fn a_request_refused_for_its_date_is_signed_again_with_the_time_of_the_service() {
        let judge = |heard: &Heard, _: usize| {
            let right = heard.header("date") == Some(NOON);
            let said =
                if right { answer(200, JSON, "{}") } else { answer(403, "text/plain", "Invalid Date: off by a day") };
            with_header(&said, &format!("date: {NOON}"))
        };
        let server = Loopback::saying(judge).await;
        let (transport, _) = transport("Mon, 01 Jan 2024 12:00:00 GMT");
        assert_eq!(transport.send(&signed(&server)).await.unwrap().status, 200);
        assert_eq!(server.heard().len(), 2);
    }

    #[tokio::test]
    async fn a_service_that_refuses_every_date_is_not_asked_for_ever() {
        let refusal = with_header(&answer(401, JSON, r#"{"message":"Invalid Date"}"#), &format!("date: {NOON}"));
        let server = Loopback::saying(move |_, _| refusal.clone()).await;
        let refused = transport("Mon, 01 Jan 2024 12:00:00 GMT").0.send(&signed(&server)).await;
        assert!(matches!(refused, Err(Error::ClockWrong { ahead_seconds: -86_400 })), "{refused:?}");
        assert_eq!(server.heard().len(), 2);
    }

    #[test]
    fn a_pause_is_at_least_half_of_the_longest_and_never_longer() {
        let mut transport = transport(NOON).0;
        transport.haste = 1;
        for _ in 0..1000 {
            let pause = transport.pause(Duration::from_secs(30));
            assert!((15.0..=30.0).contains(&pause.as_secs_f64()), "{pause:?}");
        }
    }

    #[tokio::test]
    async fn nobody_at_home_is_unreachable() {
        let url = Loopback::saying(|_, _| String::new()).await.url.clone();
        let gone = Request { url, ..get(&Loopback::saying(|_, _| String::new()).await, Repeat::Harmless) };
        assert!(is_absence(&transport(NOON).0.send(&gone).await));
    }
}
