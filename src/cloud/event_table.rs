//! The log of an account as a table to download (`GET /v1/events.csv`), for spreadsheets.

use axum::extract::{Query, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, LINK};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Cloud;
use super::caller;
use super::event_log::{Error, date, kind};
use super::ids::AccountId;
use super::site::Site;
use super::store::{Event, EventPage, EventQuery};

/// Lines of one table; `Link` leads to the rest.
const LARGEST_TABLE: u32 = 20_000;

/// Which part of the log somebody asks for, in the query of a download.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableWish {
    after: Option<String>,
    min_date: Option<String>,
    max_date: Option<String>,
    /// Names with commas between.
    types: Option<String>,
}

/// A table, and where the next one begins when this is not all.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) csv: Vec<u8>,
    pub(crate) more_after: Option<String>,
}

pub(super) async fn download(site: Site, Query(wish): Query<TableWish>, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    let rest = head.uri.query().unwrap_or_default().to_owned();
    let table = site.cloud.log_table(&account.id, wish).await?;
    Ok(table.into_download(&rest))
}

impl TableWish {
    /// `types`: names with commas between.
    pub(crate) fn of(after: Option<String>, types: Option<String>) -> Self {
        Self { after, types, ..Self::default() }
    }
}

impl Cloud {
    /// Newest first, as comma-separated values, with a first line of names.
    pub(crate) async fn log_table(&self, account: &AccountId, wish: TableWish) -> Result<Table, Error> {
        let kinds = |names: String| names.split(',').map(kind).collect::<Result<Vec<_>, Error>>();
        let query = EventQuery {
            after: wish.after,
            skip: 0,
            at_most: LARGEST_TABLE,
            from: date(wish.min_date)?,
            to: date(wish.max_date)?,
            kinds: wish.types.map(kinds).transpose()?,
        };
        let EventPage { events, has_more, .. } = self.store.events(account, &query).await?;
        let more_after = events.last().filter(|_| has_more).map(|event| event.id.clone());
        Ok(Table { csv: write(&events).map_err(Error::Table)?, more_after })
    }
}

impl Table {
    /// `query`: with which it was asked for.
    pub(crate) fn into_download(self, query: &str) -> Response {
        let mut response = self.csv.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"account-events.csv\""));
        let more = self.more_after.map(|after| {
            let kept = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("after="));
            let begin = format!("<?after={}", utf8_percent_encode(&after, NON_ALPHANUMERIC));
            kept.fold(begin, |link, part| format!("{link}&{part}")) + ">; rel=\"next\""
        });
        if let Some(Ok(link)) = more.map(HeaderValue::try_from) {
            headers.insert(LINK, link);
        }
        response
    }
}

fn write(events: &[Event]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["time", "last", "count", "type", "what", "address", "program", "detail"])?;
    for event in events {
        let (at, last, count) = (event.at.iso(), event.last.iso(), event.count.to_string());
        let (kind, words) = (event.kind.name(), event.kind.words());
        let cells: [&str; 8] = [&at, &last, &count, kind, words, &event.address, &event.program, &event.detail];
        table.write_record(cells.map(harmless))?;
    }
    table.into_inner().map_err(|unflushed| unflushed.into_error().into())
}

/// A spreadsheet would take a cell that begins like that for a formula, and strangers choose some of the text.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, Reply};
    use crate::cloud::bench_keys::{WHO, code, new_key, signed};
    use crate::cloud::store::EventKind;
    use crate::cloud::visitor::Visitor;

    async fn table(bench: &Bench, token: &str, query: &str) -> (Reply, String) {
        let request = axum::http::Request::get(format!("/v1/events.csv{query}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty());
        bench.text(request.unwrap()).await
    }

    #[tokio::test]
    async fn the_table_is_the_owners_and_no_cell_is_a_formula() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let visitor = Visitor { program: "=HYPERLINK(\"http://evil.test\",\"a,b\")".to_owned(), ..Visitor::nobody() };
        let ann = bench.cloud.store.account_named(EMAIL).await.unwrap().unwrap().id;
        bench.cloud.store.note_event(&ann, EventKind::SignedOut, &visitor, "", bench.cloud.now()).await.unwrap();
        let (reply, text) = table(&bench, &token, "?types=AUTH_LOGOUT").await;
        assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(reply.headers["content-disposition"], "attachment; filename=\"account-events.csv\"");
        let time = "2024-01-02T03:04:05Z";
        let line = format!(
            "{time},{time},1,AUTH_LOGOUT,Signed out,127.0.0.1,\"'=HYPERLINK(\"\"http://evil.test\"\",\"\"a,b\"\")\",\n"
        );
        assert_eq!(text, format!("time,last,count,type,what,address,program,detail\n{line}"));
        assert_eq!(table(&bench, &token, "").await.1.lines().count(), 3);
        for (query, status) in [("?types=NO_SUCH", 400), ("?minDate=soon", 400), ("?after=x", 200)] {
            assert_eq!(table(&bench, &token, query).await.0.status.as_u16(), status, "{query}");
        }
        assert_eq!(table(&bench, "a.b.c", "").await.0.status.as_u16(), 401);
        let key = new_key(&bench, &token).await;
        let (head, _body) = signed(&bench, &key, WHO).into_parts();
        let mut by_key = axum::http::Request::get("/v1/events.csv").body(Body::empty()).unwrap();
        *by_key.headers_mut() = head.headers;
        let refused = bench.send(by_key).await;
        assert_eq!((refused.status.as_u16(), code(&refused)), (401, ""));
    }

    #[test]
    fn what_a_spreadsheet_would_compute_gets_an_apostrophe() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("1=1"), "1=1");
    }

    #[test]
    fn a_table_that_is_not_all_says_where_the_rest_is() {
        let table = Table { csv: Vec::new(), more_after: Some("id-1".to_owned()) };
        let response = table.into_download("after=id-0&types=AUTH_LOGIN");
        assert_eq!(response.headers()["link"], "<?after=id%2D1&types=AUTH_LOGIN>; rel=\"next\"");
    }
}
