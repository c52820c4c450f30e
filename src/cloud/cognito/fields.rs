//! What every field must look like before it is used (reference §1.2).

use super::fault::Fault;
use crate::cloud::site::Site;
use crate::protocol::cognito::Parameters;

/// The client id, when it is ours.
pub(super) fn client<'a>(site: &Site, id: &'a str) -> Result<&'a str, Fault> {
    let shaped =
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+'));
    if !shaped {
        return Err(Fault::Constraint("clientId", "Member must satisfy regular expression pattern: [\\w+]{1,128}"));
    }
    if id == site.cloud.plan.client_id { Ok(id) } else { Err(Fault::UnknownClient(id.to_owned())) }
}

pub(super) fn required<'a>(parameters: &'a Parameters, name: &'static str) -> Result<&'a str, Fault> {
    parameters.value(name).filter(|value| !value.is_empty()).ok_or(Fault::Missing(name))
}

/// USERNAME without the blanks around it.
pub(super) fn username(parameters: &Parameters) -> Result<&str, Fault> {
    name(required(parameters, "USERNAME")?)
}

/// A user name without the blanks around it.
pub(super) fn name(text: &str) -> Result<&str, Fault> {
    let name = text.trim();
    let fits =
        (1..=128).contains(&name.chars().count()) && !name.contains(|c: char| c.is_whitespace() || c.is_control());
    if fits {
        Ok(name)
    } else {
        Err(Fault::Constraint("username", "Member must have 1 to 128 characters and no blanks"))
    }
}

/// A session text, which is opaque.
pub(super) fn session(text: Option<&str>) -> Result<&str, Fault> {
    let text = text.ok_or(Fault::Missing("Session"))?;
    if (20..=4096).contains(&text.len()) {
        Ok(text)
    } else {
        Err(Fault::Constraint("session", "Member must have length between 20 and 4096"))
    }
}

/// A token, which is opaque here.
pub(super) fn token<'a>(text: &'a str, name: &'static str) -> Result<&'a str, Fault> {
    let shaped = (1..=16_384).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'.'));
    if shaped { Ok(text) } else { Err(Fault::Constraint(name, "Member must satisfy pattern: [A-Za-z0-9-_=.]+")) }
}
