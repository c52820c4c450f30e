//! `/api/v1/sessions`: the browsers that are signed in at the panel.

use axum::extract::{Path, State};
use serde::Serialize;

use super::answer::{Answer, Refusal, Sent};
use super::status::moment;
use crate::panel::Panel;
use crate::panel::device_tokens;
use crate::panel::screens::token::TokenHash;
use crate::panel::session::ListedSession;

#[derive(Serialize)]
pub(super) struct Listed {
    sessions: Vec<Session>,
}

#[derive(Serialize)]
struct Session {
    id: String,
    /// What the browser calls itself.
    program: String,
    address: String,
    began: Option<String>,
    /// Absent when not since Latchkey's start.
    used_seconds_ago: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Ended {
    ended: usize,
}

pub(super) async fn list(State(panel): State<Panel>) -> Answer<Listed> {
    let listed = |session: ListedSession| Session {
        id: device_tokens::id(session.hash),
        program: session.about.program,
        address: session.about.address,
        began: moment(session.about.began),
        used_seconds_ago: session.used_ago.map(|ago| ago.as_secs()),
    };
    Ok(Sent(Listed { sessions: panel.listed_sessions().into_iter().map(listed).collect() }))
}

pub(super) async fn end(State(panel): State<Panel>, Path(id): Path<String>) -> Answer<Ended> {
    let sessions = panel.listed_sessions();
    let Some(session) = sessions.iter().find(|session| device_tokens::id(session.hash) == id) else {
        return Err(Refusal::no_such_thing().await);
    };
    panel.end_session(session.hash);
    Ok(Sent(Ended { ended: 1 }))
}

pub(super) async fn end_all(State(panel): State<Panel>) -> Answer<Ended> {
    let sessions = panel.listed_sessions();
    for session in &sessions {
        panel.end_session(session.hash);
    }
    Ok(Sent(Ended { ended: sessions.len() }))
}

impl Panel {
    fn listed_sessions(&self) -> Vec<ListedSession> {
        let status = self.0.account.status();
        let times = self.times(&status);
        self.forget(self.0.sessions.sweep(status.owner.as_ref().map(|owner| owner.id.as_str()), times));
        self.0.sessions.list(times)
    }

    pub(super) fn end_session(&self, session: TokenHash) {
        let times = self.times(&self.0.account.status());
        self.forget(self.0.sessions.close(session, times).and_then(|drawer| drawer.take_user()));
    }
}
