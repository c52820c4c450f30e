//! What happened to the account, in words.

use axum::response::Response;
use http::StatusCode;

use super::Portal;
use crate::base::report;
use crate::cloud::event_log::{self, LogWish};
use crate::cloud::event_table::TableWish;
use crate::cloud::store::{Event, EventKind};
use crate::panel::screens::rooms::{Activity, ActivityKind, ActivityLine, ActivityWish};
use crate::panel::screens::{Error, Problem, Visitor, events, programs, words};

const PAGE: i64 = 25;

impl Portal {
    pub(super) async fn log_of(&self, visitor: &Visitor, wish: ActivityWish) -> Result<Activity, Problem> {
        let owner = self.owner(visitor).await?;
        let wish = LogWish { after: wish.after, at_most: PAGE, kinds: kinds(wish.kind), ..LogWish::default() };
        let page = self.0.site.cloud.log_of(owner.id(), wish).await.map_err(problem)?;
        Ok(Activity {
            more_after: page.events.last().filter(|_| page.has_more).map(|event| event.id.clone()),
            lines: page.events.iter().map(line).collect(),
            total: page.total,
        })
    }

    pub(super) async fn table_of(&self, visitor: &Visitor, wish: ActivityWish) -> Result<Response, Problem> {
        let owner = self.owner(visitor).await?;
        let names = kinds(wish.kind).map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(","));
        let table = self.0.site.cloud.log_table(owner.id(), TableWish::of(wish.after, names)).await;
        Ok(table.map_err(problem)?.into_download(&format!("show={}", wish.kind.word())))
    }
}

fn line(event: &Event) -> ActivityLine {
    let date = |moment: crate::cloud::moment::Moment| words::service_date(&moment.iso());
    ActivityLine {
        what: event.kind.words(),
        detail: event.detail.clone(),
        at: date(event.at),
        again: (event.count > 1).then(|| (event.count, date(event.last))),
        address: event.address.clone(),
        program: if event.program.is_empty() { String::new() } else { programs::in_words(&event.program) },
        is_warning: events::is_warning(event.kind.name()),
    }
}

/// `None`: all.
fn kinds(kind: ActivityKind) -> Option<Vec<EventKind>> {
    Some(events::names(kind)?.into_iter().filter_map(EventKind::named).collect())
}

fn problem(error: event_log::Error) -> Problem {
    match &error {
        event_log::Error::Size
        | event_log::Error::Skip
        | event_log::Error::NoDate(_)
        | event_log::Error::NoKind(_)
        | event_log::Error::Caller(_) => Problem::new(StatusCode::BAD_REQUEST, error.to_string()),
        event_log::Error::Table(_) | event_log::Error::Store(_) => {
            tracing::warn!(error = report::chain(&error), "the portal cannot read the log");
            Error::Trouble.problem()
        }
    }
}
