//! What happened to the account, in words.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::owner::Owner;
use crate::account::LogWish;
use crate::panel::Panel;
use crate::panel::screens::rooms::{Activity, ActivityLine, ActivityWish};
use crate::panel::screens::{Problem, Visitor, events, programs, words};
use crate::protocol::graphql::{Log, LogLine};

const PAGE: &str = "activity";
const LINES: u32 = 25;
/// A table is read in pages of the service's largest size, and not without end.
const LINES_OF_A_TABLE: u32 = 100;
const LONGEST_TABLE: usize = 5000;

impl Panel {
    pub(super) async fn activity_of(&self, visitor: &Visitor, wish: ActivityWish) -> Result<Activity, Problem> {
        let owner = self.owner(visitor, PAGE)?;
        let log = log(&owner, &wish, wish.after.clone(), LINES).await?;
        Ok(Activity {
            lines: log.items.iter().map(line).collect(),
            total: log.total,
            more_after: log.last.filter(|_| log.has_more),
        })
    }

    pub(super) async fn activity_table_of(&self, visitor: &Visitor, wish: ActivityWish) -> Result<Response, Problem> {
        let owner = self.owner(visitor, PAGE)?;
        let mut lines = Vec::new();
        let mut after = wish.after.clone();
        while lines.len() < LONGEST_TABLE {
            let log = log(&owner, &wish, after, LINES_OF_A_TABLE).await?;
            lines.extend(log.items);
            after = log.last.filter(|_| log.has_more);
            if after.is_none() {
                break;
            }
        }
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8"),
            (CONTENT_DISPOSITION, "attachment; filename=\"account-events.csv\""),
        ];
        Ok((headers, table(&lines)).into_response())
    }
}

async fn log(owner: &Owner, wish: &ActivityWish, after: Option<String>, at_most: u32) -> Result<Log, Problem> {
    let wish = LogWish { after, at_most, kinds: events::names(wish.kind) };
    owner.account.log(&owner.user, wish).await.map_err(|error| owner.troubled(error, PAGE))
}

fn line(line: &LogLine) -> ActivityLine {
    ActivityLine {
        what: events::words(&line.kind).unwrap_or("Something else"),
        detail: line.detail.clone(),
        at: words::service_date(&line.at),
        again: (line.count > 1).then(|| (line.count, words::service_date(&line.last))),
        address: line.address.clone(),
        program: if line.program.is_empty() { String::new() } else { programs::in_words(&line.program) },
        is_warning: events::is_warning(&line.kind),
    }
}

/// Comma-separated values (RFC 4180), with a first line of names.
fn table(lines: &[LogLine]) -> String {
    let mut text = "time,last,count,type,what,address,program,detail\r\n".to_owned();
    for line in lines {
        let count = line.count.to_string();
        let what = events::words(&line.kind).unwrap_or_default();
        let cells: [&str; 8] =
            [&line.at, &line.last, &count, &line.kind, what, &line.address, &line.program, &line.detail];
        text.push_str(&cells.map(cell).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A spreadsheet would take a cell that begins like that for a formula, and strangers choose some of the text.
fn cell(text: &str) -> String {
    let harmless = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match harmless.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", harmless.replace('"', "\"\"")),
        false => harmless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_a_table_is_a_formula_or_breaks_its_line() {
        let line = LogLine {
            kind: "AUTH_LOGOUT".to_owned(),
            at: "2024-01-02T03:04:05Z".to_owned(),
            last: String::new(),
            count: 1,
            address: "192.0.2.1".to_owned(),
            program: "=HYPERLINK(\"http://evil.test\",\"a,b\")".to_owned(),
            detail: "two\nlines".to_owned(),
        };
        assert_eq!(
            table(&[line]).lines().skip(1).collect::<Vec<_>>().join("\n"),
            "2024-01-02T03:04:05Z,,1,AUTH_LOGOUT,Signed out,192.0.2.1,\"'=HYPERLINK(\"\"http://evil.test\"\",\"\"a,b\"\")\",\"two\nlines\""
        );
    }
}
