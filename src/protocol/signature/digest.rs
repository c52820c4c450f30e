//! Does the body fit the headers that a signature covers: `digest`, `content-digest`, `content-length`?

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256, Sha512};

use super::{Refusal, Request, structured};

/// Checks each of the three that is covered.
pub(super) fn check(covered: &[String], request: &Request<'_>, body: &[u8]) -> Result<(), Refusal> {
    for name in covered {
        match name.as_str() {
            "content-length" if request.covered_header(name)? != body.len().to_string() => {
                return Err(Refusal::BodyChanged);
            }
            "digest" => check_digests(&instance_digests(&request.covered_header(name)?), body)?,
            "content-digest" => {
                let header = request.covered_header(name)?;
                let digests = structured::byte_sequences(&header)?;
                check_digests(&digests, body)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// RFC 3230: `SHA-256=<base64>`, several separated by commas. What is not base64 cannot match anything.
fn instance_digests(header: &str) -> Vec<(&str, Vec<u8>)> {
    let entries = header.split(',').filter_map(|entry| entry.trim().split_once('='));
    entries.map(|(name, base64)| (name, Base64::decode_vec(base64).unwrap_or_default())).collect()
}

fn check_digests(digests: &[(&str, Vec<u8>)], body: &[u8]) -> Result<(), Refusal> {
    let mut was_checked = false;
    for (name, digest) in digests {
        let right = match name.to_ascii_lowercase().as_str() {
            "sha-256" => Sha256::digest(body).to_vec(),
            "sha-512" => Sha512::digest(body).to_vec(),
            _ => continue,
        };
        if *digest != right {
            return Err(Refusal::BodyChanged);
        }
        was_checked = true;
    }
    if was_checked { Ok(()) } else { Err(Refusal::Malformed("the covered digest is neither SHA-256 nor SHA-512")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"hello": "world"}"#;
    const SHA_256: &str = "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=";
    const SHA_512: &str = "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==";

    #[test]
    fn a_covered_digest_must_be_that_of_the_body() {
        for (name, value) in [
            ("digest", format!("SHA-256={SHA_256}")),
            ("digest", format!("md5=AAAA, sha-256={SHA_256},SHA-512={SHA_512}")),
            ("content-digest", format!("sha-256=:{SHA_256}:")),
            ("content-digest", format!("sha-512=:{SHA_512}:, md5=:AAAA:")),
            ("content-length", BODY.len().to_string()),
        ] {
            assert_eq!(checked(name, &value, BODY), Ok(()), "{value}");
            assert_eq!(checked(name, &value, b"{}"), Err(Refusal::BodyChanged), "{value}");
            assert_eq!(check(&[], &request(&[(name, &value)]), b"{}"), Ok(()), "{value} is not covered");
        }
    }

    #[test]
    fn one_wrong_digest_of_several_is_enough_to_refuse() {
        let value = format!("sha-256=:{SHA_256}:, sha-512=:{SHA_256}:");
        assert_eq!(checked("content-digest", &value, BODY), Err(Refusal::BodyChanged));
    }

    #[test]
    fn a_covered_digest_that_cannot_be_checked_is_refused() {
        for (name, value) in
            [("digest", "md5=AAAA"), ("digest", ""), ("content-digest", "md5=:AAAA:"), ("content-digest", "x")]
        {
            assert!(matches!(checked(name, value, BODY), Err(Refusal::Malformed(_))), "{name}: {value}");
        }
        let without = check(&["digest".to_owned()], &request(&[]), BODY);
        assert_eq!(without, Err(Refusal::HeaderMissing("digest".to_owned())));
    }

    fn checked(name: &str, value: &str, body: &[u8]) -> Result<(), Refusal> {
        check(&[name.to_owned()], &request(&[(name, value)]), body)
    }

    fn request<'a>(headers: &'a [(&'a str, &'a str)]) -> Request<'a> {
        Request { method: "POST", scheme: "https", target: "/", headers }
    }
}
