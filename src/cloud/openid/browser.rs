//! The cookie that ties a sign-in by way of a provider to the browser that began it: an address that somebody else began, sent
//! to a person, does not sign them in.

use axum::http::{HeaderMap, HeaderValue};

use crate::base::Secret;
use crate::cloud::site::Site;
use crate::panel::screens::cookie;
use crate::panel::screens::token::Token;

/// Seconds; each use begins them anew.
const LIFETIME: u32 = 900;
const ROLE: &str = "openid";

/// One browser profile.
pub(super) struct Browser(Secret<String>);

impl Browser {
    /// The one whose cookie came along.
    pub(super) fn known(site: &Site, headers: &HeaderMap) -> Option<Self> {
        let token = cookie::token_named(&cookie::name(ROLE, is_https(site)), headers)?;
        Some(Self(token.text()))
    }

    pub(super) fn new(site: &Site) -> Self {
        Self(Token::new(&site.cloud.entropy).text())
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
    let https = is_https(site);
    cookie::line(&cookie::name(ROLE, https), value, &format!("; Max-Age={seconds}"), https)
}

/// The provider sends browsers to the public URL, so that is what they speak.
fn is_https(site: &Site) -> bool {
    site.url().starts_with("https://")
}
