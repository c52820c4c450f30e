//! Refusals: `{"__type": "…", "message": "…"}`, as strictly as the service writes them and as leniently as they arrive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An error answer. Read from `__type` or `code`, cut up to the last `#`, and from `message` or `Message` (reference §1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub struct Fault {
    #[serde(rename = "__type")]
    pub kind: String,
    pub message: String,
}

impl Fault {
    /// Reads the body, or where it names no kind the value of the header `x-amzn-errortype` up to its first `:`.
    pub fn read(body: &[u8], error_type: Option<&str>) -> Option<Self> {
        serde_json::from_slice(body).ok().or_else(|| {
            let kind = without_namespace(error_type?.split(':').next()?.trim())?;
            Some(Self { kind, message: String::new() })
        })
    }
}

impl TryFrom<BTreeMap<String, Value>> for Fault {
    type Error = &'static str;

    fn try_from(body: BTreeMap<String, Value>) -> Result<Self, Self::Error> {
        let text = |name| body.get(name).and_then(Value::as_str);
        let kind = text("__type").or_else(|| text("code")).and_then(without_namespace);
        let message = text("message").or_else(|| text("Message")).unwrap_or_default();
        Ok(Self { kind: kind.ok_or("an error without __type")?, message: message.to_owned() })
    }
}

fn without_namespace(kind: &str) -> Option<String> {
    kind.rsplit('#').next().filter(|kind| !kind.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(body: &str, header: Option<&str>) -> Option<String> {
        Fault::read(body.as_bytes(), header).map(|fault| fault.kind)
    }

    #[test]
    fn the_kind_is_what_follows_the_last_number_sign() {
        let body = r#"{"__type":"com.amazonaws#cognito#CodeMismatchException","message":"Invalid code"}"#;
        let fault = Fault::read(body.as_bytes(), None).unwrap();
        assert_eq!(fault, Fault { kind: "CodeMismatchException".into(), message: "Invalid code".into() });
    }

    #[test]
    fn code_and_capital_message_are_read_too() {
        let fault = Fault::read(br#"{"code":"Throttled","Message":"Rate exceeded"}"#, None).unwrap();
        assert_eq!(fault, Fault { kind: "Throttled".into(), message: "Rate exceeded".into() });
    }

    #[test]
    fn the_first_of_two_spellings_wins() {
        let body = br#"{"__type":"A","code":400,"message":"a","Message":"b"}"#;
        assert_eq!(Fault::read(body, Some("B:")).unwrap(), Fault { kind: "A".into(), message: "a".into() });
    }

    #[test]
    fn the_header_names_the_kind_where_the_body_does_not() {
        let header = Some("aws#NotAuthorizedException:http://internal.amazon.com/coral/");
        for body in ["", "<html>", "{}", "[]", r#"{"__type":""}"#, r#"{"message":"x"}"#] {
            assert_eq!(kind_of(body, header).as_deref(), Some("NotAuthorizedException"), "{body}");
            assert_eq!(kind_of(body, None), None, "{body}");
            assert_eq!(kind_of(body, Some(":")), None, "{body}");
        }
    }

    #[test]
    fn a_fault_is_written_as_clients_read_it() {
        let fault = Fault { kind: "NotAuthorizedException".into(), message: "no".into() };
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(text, r#"{"__type":"NotAuthorizedException","message":"no"}"#);
        assert_eq!(Fault::read(text.as_bytes(), None), Some(fault));
    }
}
