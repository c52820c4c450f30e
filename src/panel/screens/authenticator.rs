//! Enrolling an authenticator app: a picture to scan, or the secret to type; then the app's first code.

use askama::Template;
use axum::response::Response;
use qrcode::QrCode;
use qrcode::render::svg;

use super::error::Problem;
use super::page::{self, Frame};
use super::step::Step;

#[derive(Template)]
#[template(path = "authenticator.html", config = "assets/askama.toml")]
struct AuthenticatorPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    picture: Option<String>,
    uri: &'a str,
    secret: String,
    left: Option<u64>,
}

pub(crate) fn page(step: &Step, secret: &str, uri: &str, problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("code"));
    let page = AuthenticatorPage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        picture: picture(uri),
        uri,
        secret: grouped(secret),
        left: step.time.seconds(),
    };
    page::show(&page, problem.as_ref())
}

/// Always dark on white with a quiet zone of four modules: cameras do not read it otherwise. `None` when the text is too
/// long for a picture; the secret can still be typed.
pub(crate) fn picture(uri: &str) -> Option<String> {
    let code = QrCode::new(uri).ok()?;
    let colours = (svg::Color("#000000"), svg::Color("#ffffff"));
    let drawn =
        code.render().dark_color(colours.0).light_color(colours.1).quiet_zone(true).module_dimensions(4, 4).build();
    drawn.split_once("?>").map(|(_declaration, picture)| picture.to_owned())
}

/// In fours, to be typed without losing one's place.
pub(crate) fn grouped(secret: &str) -> String {
    let mut grouped = String::with_capacity(secret.len() + secret.len() / 4);
    for (index, letter) in secret.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_dark_on_white_with_a_quiet_zone() {
        let picture = picture("otpauth://totp/x:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x").unwrap();
        assert!(picture.starts_with("<svg "));
        assert!(picture.contains(r##"fill="#ffffff""##) && picture.contains(r##"fill="#000000""##));
        let first_dark = picture.split(r#"d="M"#).nth(1).unwrap();
        assert!(first_dark.starts_with("16 16h"), "four modules of four units stay white: {}", &first_dark[..20]);
    }

    #[test]
    fn the_secret_is_grouped_in_fours() {
        assert_eq!(grouped("GEZDGNBVGY"), "GEZD GNBV GY");
    }
}
