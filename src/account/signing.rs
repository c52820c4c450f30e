//! Signs one request for a program on this machine, or for the transport. Date and host are set here, so that what is
//! signed is what is sent (SIG-10).

use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Method, Uri};

use super::{Error, Scheme, Unsigned};
use crate::net::client::host_of;
use crate::protocol::access_key::AccessKey;
use crate::protocol::http_date;
use crate::protocol::signature::{Request, cavage, message};

/// Header lines to add to the request.
pub(super) fn sign(key: &AccessKey, unsigned: &Unsigned, now: SystemTime) -> Result<Vec<(String, String)>, Error> {
    let unreadable = |what: &str| Error::NotSignable(format!("the {what} cannot be read"));
    let method =
        Method::from_bytes(unsigned.method.to_ascii_uppercase().as_bytes()).map_err(|_| unreadable("method"))?;
    let url: Uri = unsigned.url.parse().map_err(|_| unreadable("URL"))?;
    let (Some(scheme @ ("http" | "https")), Some(host), Some(target)) =
        (url.scheme_str(), host_of(&url), url.path_and_query())
    else {
        return Err(Error::NotSignable("the URL must be absolute and begin with https:// or http://".to_owned()));
    };
    let host = host.to_str().map_err(|_| unreadable("host"))?.to_owned();
    let mut lines = vec![("host".to_owned(), host), ("date".to_owned(), http_date::format(now))];
    let given = unsigned.headers.iter().map(header).collect::<Result<Vec<_>, _>>()?;
    let headers: Vec<(&str, &str)> =
        lines.iter().chain(&given).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request { method: method.as_str(), scheme, target: target.as_str(), headers: &headers };
    let refused = |refusal: crate::protocol::signature::Refusal| Error::NotSignable(refusal.to_string());
    match unsigned.scheme {
        Scheme::Cavage => {
            let names = headers.iter().map(|(name, _)| *name);
            let cover: Vec<&str> = ["(request-target)"].into_iter().chain(names).collect();
            let authorization = cavage::sign(key, &request, &cover).map_err(refused)?;
            lines.push(("authorization".to_owned(), authorization));
        }
        Scheme::Message => {
            let signed = message::sign(key, &request, now).map_err(refused)?;
            lines.push(("signature-input".to_owned(), signed.signature_input));
            lines.push(("signature".to_owned(), signed.signature));
        }
    }
    Ok(lines)
}

/// A header as given, if it can be sent and is not one of ours.
fn header((name, value): &(String, String)) -> Result<(String, String), Error> {
    let refused = |why: &str| Err(Error::NotSignable(format!("the header '{}' {why}", name.escape_default())));
    let (Ok(parsed), Ok(_)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) else {
        return refused("cannot be sent");
    };
    match parsed.as_str() {
        "host" | "date" | "authorization" | "signature" | "signature-input" => {
            refused("is set by the signature; leave it out")
        }
        _ => Ok((parsed.as_str().to_owned(), value.trim().to_owned())),
    }
}
