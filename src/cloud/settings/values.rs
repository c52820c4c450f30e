//! Single values of the service's settings: what they mean, or a sentence that says how to write them.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::base::Secret;
use crate::cloud::Passwords;
use crate::settings::values::is_loopback;

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        format!("'{text}' is not an address with a port; write it like \"127.0.0.1:29980\" or \"[::]:443\".")
    })
}

pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("'{text}' is not a whole number in its range."))
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("'{text}' is neither true nor false.")),
    }
}

/// REGION_NAME.
pub(super) fn pool_id(text: &str) -> Result<String, String> {
    let shaped = text.split_once('_').is_some_and(|(region, name)| {
        !region.is_empty()
            && !name.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let fits = shaped && text.len() <= 55;
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("'{text}' is no pool id; write REGION_NAME, such as eu-home_Latchkey."))
}

pub(super) fn client_id(text: &str) -> Result<String, String> {
    let shaped = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let fits = shaped && (1..=128).contains(&text.len());
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("'{text}' is no client id; use 1 to 128 letters, digits and '_'."))
}

/// How they rest.
pub(super) fn passwords(text: &str) -> Result<Passwords, String> {
    match text {
        "srp" => Ok(Passwords::Srp),
        "argon2id" => Ok(Passwords::Argon2id),
        _ => Err(format!("'{text}' is no way to keep passwords; write \"srp\" or \"argon2id\".")),
    }
}

/// One line that people read.
pub(super) fn brand(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=60).contains(&text.chars().count()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| "it must be one line of 1 to 60 characters.".to_owned())
}

/// Without a slash at the end.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = text.trim().trim_end_matches('/');
    let uri = url.parse::<http::Uri>().ok().filter(|uri| {
        let plain = uri.query().is_none() && uri.authority().is_some_and(|whole| !whole.as_str().contains('@'));
        plain && matches!(uri.scheme_str(), Some("https" | "http")) && !url.contains('#')
    });
    uri.map(|_sound| url.to_owned())
        .ok_or_else(|| format!("'{text}' is no base URL; write it like https://accounts.example.org."))
}

/// Where a password or a message goes: HTTPS, or this machine.
pub(super) fn gateway_url(text: &str) -> Result<String, String> {
    let plain = text.replace(['{', '}'], "x");
    let uri = plain.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    match uri.as_ref().and_then(http::Uri::scheme_str) {
        Some("https") if !host.is_empty() => Ok(text.to_owned()),
        Some("http") if is_loopback(host) => Ok(text.to_owned()),
        Some("http") if !host.is_empty() => {
            Err(format!("'{host}' is another machine; use https:// so that nobody on the way can listen."))
        }
        _ => Err(format!("'{text}' must begin with https://.")),
    }
}

/// A database URL that anybody may read.
pub(super) fn open_database_url(text: &str) -> Result<Secret<String>, String> {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    if user.contains(':') || text.contains("password=") {
        return Err(
            "it has a password; put the URL into a file of its own and name that as database.url_file.".to_owned()
        );
    }
    database_url(text)
}

/// Never repeats what was written: it may hold a password.
pub(super) fn database_url(text: &str) -> Result<Secret<String>, String> {
    let fits = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    fits.then(|| Secret::from(text)).ok_or_else(|| "it must begin with postgres://.".to_owned())
}

/// A name of the DNS, or an address.
pub(super) fn host(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("'{text}' is not a host name; write only the name, without a port."))
}

/// `Name: value`, one line.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let wrong = || "a header line must be written like \"Name: value\".".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let (name, value) = (name.trim(), value.trim());
    let fits = http::HeaderName::from_str(name).is_ok() && http::HeaderValue::from_str(value).is_ok();
    if fits { Ok((name.to_owned(), value.to_owned())) } else { Err(wrong()) }
}

/// Where a browser may be sent back to: a web page, or a program by a scheme of its own.
pub(super) fn return_url(text: &str) -> Result<String, String> {
    let scheme = text.split_once("://").map_or("", |(scheme, _rest)| scheme);
    let named = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let safe = !scheme.is_empty() && named && !["javascript", "data", "file"].contains(&scheme);
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if safe && plain {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' must be a URL such as https://app.example.org/back, without '#'."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_ids_client_ids_and_urls_are_checked_before_anything_starts() {
        assert!(pool_id("eu-home_Latchkey").is_ok());
        for bad in ["Latchkey", "_Latchkey", "eu_", "eu_a_b", "eu home_x"] {
            assert!(pool_id(bad).is_err(), "{bad}");
        }
        assert!(client_id("agent_1").is_ok());
        assert!(client_id("a b").is_err());
        assert_eq!(base_url("https://cloud.example.test/"), Ok("https://cloud.example.test".to_owned()));
        for bad in ["cloud.example.test", "https://", "ftp://x", "https:///x", "https://x/?a", "https://a:b@x"] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_a_setting_is_refused_and_not_repeated() {
        for bad in ["postgres://ann:hunter2@db/x", "postgres:///x?password=hunter2", "hunter2"] {
            let sentence = open_database_url(bad).unwrap_err();
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
        assert!(open_database_url("postgres://ann@db/x").is_ok());
    }

    #[test]
    fn text_messages_go_to_other_machines_by_https_only() {
        assert!(gateway_url("https://sms.example.test/send?to={to}").is_ok());
        assert!(gateway_url("http://127.0.0.1:8000/send").is_ok());
        assert!(gateway_url("http://sms.example.test/").unwrap_err().contains("https://"));
        assert!(gateway_url("sms.example.test").is_err());
    }
}
