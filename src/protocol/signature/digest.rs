//! Does the body fit the headers that a signature covers: `digest`, `content-digest`, `content-length`?

use data_encoding::BASE64;
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
    entries.map(|(name, base64)| (name, BASE64.decode(base64.as_bytes()).unwrap_or_default())).collect()
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
