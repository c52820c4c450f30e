//! The cookie that ties a sign-in by way of a provider to the browser that began it: an address that somebody else began, sent
//! to a person, does not sign them in.

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64URL_NOPAD;

use crate::base::Secret;
use crate::cloud::site::Site;

/// Seconds; each use begins them anew.
const LIFETIME: u32 = 900;
const NAME: &str = "latchkey-openid";
const TEXT: usize = 43;

/// One browser profile.
pub(super) struct Browser(Secret<String>);

impl Browser {
    /// The one whose cookie came along.
    pub(super) fn known(site: &Site, headers: &HeaderMap) -> Option<Self> {
        let name = name(site);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, value)| *key == name && is_ours(value))
            .map(|(_name, value)| Self(Secret::from(value)))
    }

    pub(super) fn new(site: &Site) -> Self {
        Self(Secret::new(BASE64URL_NOPAD.encode(site.cloud.entropy.secret::<32>().expose())))
    }

    pub(super) fn text(&self) -> &str {
        self.0.expose()
    }

    /// `Lax`: it must come along when the provider sends the browser back.
    pub(super) fn cookie(&self, site: &Site) -> Option<HeaderValue> {
        line(site, self.text(), LIFETIME)
    }
}

/// Makes the browser forget the cookie.
pub(super) fn clear(site: &Site) -> Option<HeaderValue> {
    line(site, "", 0)
}

fn line(site: &Site, value: &str, seconds: u32) -> Option<HeaderValue> {
    let secure = if is_https(site) { "; Secure" } else { "" };
    let line = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(site));
    let mut line = HeaderValue::try_from(line).ok()?;
    line.set_sensitive(true);
    Some(line)
}

fn name(site: &Site) -> String {
    format!("{}{NAME}", if is_https(site) { "__Host-" } else { "" })
}

/// The provider sends browsers to the public URL, so that is what they speak.
fn is_https(site: &Site) -> bool {
    site.url().starts_with("https://")
}

fn is_ours(value: &str) -> bool {
    value.len() == TEXT && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
