//! Attributes as clients write them: which ones there are, and what each must look like (reference §1.2).

use std::collections::BTreeSet;

use super::fault::Fault;
use crate::cloud::accounts::check_email;
use crate::cloud::phone;
use crate::protocol::cognito::Attribute;

/// Kept as they are given.
const PLAIN: &[&str] = &[
    "address",
    "birthdate",
    "custom:brand",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "picture",
    "preferred_username",
    "profile",
    "website",
    "zoneinfo",
];
/// Only the service says these.
const OURS: &[&str] =
    &["custom:new_email", "custom:new_phone_number", "email_verified", "identities", "phone_number_verified", "sub"];
const LONGEST: usize = 2048;

/// A list of attributes that can be written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) email: Option<String>,
    pub(super) phone: Option<NewPhone>,
    /// Names and values.
    pub(super) plain: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum NewPhone {
    /// E.164.
    Number(String),
    /// An empty value takes the number away.
    None,
}

impl NewPhone {
    pub(super) fn number(self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number),
            Self::None => None,
        }
    }
}

/// All of them, or why not one.
pub(super) fn read(attributes: &[Attribute]) -> Result<Written, Fault> {
    let mut written = Written::default();
    let mut seen = BTreeSet::new();
    for Attribute { name, value } in attributes {
        if !seen.insert(name) {
            return Err(Fault::Parameter("An attribute is given twice.".into()));
        }
        if value.chars().count() > LONGEST {
            return Err(Fault::Constraint("userAttributes", "Member must have length less than or equal to 2048"));
        }
        match name.as_str() {
            "email" => written.email = Some(email(value)?),
            "phone_number" => written.phone = Some(number(value)?),
            ours if OURS.contains(&ours) => return Err(Fault::NotWritable),
            plain if PLAIN.contains(&plain) => written.plain.push((name.clone(), value.clone())),
            _unknown => {
                return Err(Fault::Parameter(
                    "Attributes did not conform to the schema: there is no such attribute".into(),
                ));
            }
        }
    }
    Ok(written)
}

/// Without the blanks around it.
pub(super) fn email(typed: &str) -> Result<String, Fault> {
    let email = typed.trim();
    check_email(email).map_err(|_| Fault::Parameter("Invalid email address format.".into()))?;
    Ok(email.to_owned())
}

fn number(typed: &str) -> Result<NewPhone, Fault> {
    if typed.is_empty() {
        return Ok(NewPhone::None);
    }
    phone::normal(typed).map(NewPhone::Number).map_err(|_| {
        Fault::Parameter(
            "Invalid phone number format. Write + and the country code first, such as +12065550100.".into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<Written, Fault> {
        read(&[Attribute { name: name.to_owned(), value: value.to_owned() }])
    }

    #[test]
    fn what_people_tell_of_themselves_is_kept_as_given() {
        let written = one("name", " Änn \u{1f980}").unwrap();
        assert_eq!(written.plain, [("name".to_owned(), " Änn \u{1f980}".to_owned())]);
        assert_eq!(one("email", " Ann@Example.test ").unwrap().email.as_deref(), Some("Ann@Example.test"));
        let number = one("phone_number", "+1 (206) 555-0100").unwrap().phone;
        assert_eq!(number, Some(NewPhone::Number("+12065550100".to_owned())));
        assert_eq!(one("phone_number", "").unwrap().phone, Some(NewPhone::None));
    }

    #[test]
    fn what_only_the_service_says_and_what_does_not_exist_is_refused() {
        for name in OURS {
            assert_eq!(one(name, "true").unwrap_err().kind(), "NotAuthorizedException", "{name}");
        }
        for (name, value) in
            [("custom:backup_code", "x"), ("", "x"), ("Email", "a@b"), ("email", "ann"), ("phone_number", "2065550100")]
        {
            assert_eq!(one(name, value).unwrap_err().kind(), "InvalidParameterException", "{name}");
        }
        assert_eq!(one("name", &"ä".repeat(2048)).unwrap().plain.len(), 1);
        assert_eq!(one("name", &"ä".repeat(2049)).unwrap_err().kind(), "InvalidParameterException");
        let twice = ["a", "b"].map(|value| Attribute { name: "name".to_owned(), value: value.to_owned() });
        assert_eq!(read(&twice).unwrap_err().kind(), "InvalidParameterException");
    }
}
