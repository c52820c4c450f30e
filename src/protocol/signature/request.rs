//! One request as it is on the wire, and the parts of it that a signature can cover.

use super::Refusal;

/// One request as it is on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper case as sent, e.g. `POST`.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Raw path and query, exactly as on the wire (SIG-01).
    pub target: &'a str,
    /// Every header in order; `host` must be among them. Behind a proxy that rewrites it, the caller puts in the
    /// public host that it wants to be checked.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Request<'_> {
    /// The value of a covered header: a name in lower case; several lines become one, joined by ", ".
    pub(super) fn covered_header(&self, name: &str) -> Result<String, Refusal> {
        let value = header(self.headers, name).ok_or_else(|| Refusal::HeaderMissing(name.to_owned()))?;
        if value.contains(['\r', '\n']) {
            return Err(Refusal::LineBreak(name.to_owned()));
        }
        Ok(value)
    }

    /// `scheme://host` and the raw target.
    pub(super) fn target_uri(&self) -> Result<String, Refusal> {
        Ok(format!("{}://{}{}", self.scheme, self.covered_header("host")?, self.target))
    }

    /// RFC 9421 §2.2.3: the host in lower case, without the scheme's own port.
    pub(super) fn authority(&self) -> Result<String, Refusal> {
        let host = self.covered_header("host")?.to_ascii_lowercase();
        let own_port = if self.scheme == "http" { ":80" } else { ":443" };
        Ok(host.strip_suffix(own_port).map_or(host.clone(), str::to_owned))
    }

    /// The target up to its query.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The query with its question mark, which stands alone when there is no query (RFC 9421 §2.2.7).
    pub(super) fn query(&self) -> String {
        format!("?{}", self.target.split_once('?').map_or("", |(_, query)| query))
    }
}

/// All values of one header, each without outer blanks, joined by ", "; the name is in lower case.
pub(super) fn header(headers: &[(&str, &str)], name: &str) -> Option<String> {
    let lines = headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
    let values: Vec<&str> = lines.map(|(_, value)| value.trim_matches([' ', '\t'])).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
