//! Who the owner is at the service: e-mail, phone, linked accounts. A new address or number counts from when its code was typed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::cognito::During;
use super::{Account, Error, Session};
use crate::protocol::code::Code;
use crate::protocol::cognito::{
    Attribute, ByAccessToken, GetUserAttributeVerificationCode, UpdateUserAttributes, UpdatedUserAttributes, User,
    VerifyUserAttribute,
};

#[derive(Clone, Debug)]
pub struct Profile {
    pub email: String,
    pub phone: Option<String>,
    /// A number that is not verified yet, where the service keeps it in place of the one before (remote.it).
    pub unverified_phone: Option<String>,
    /// What waits for its code; `None`: the service does not say.
    pub waiting: Option<Waiting>,
    /// ISO 8601.
    pub created: String,
    pub identities: Vec<Identity>,
    pub has_password: bool,
}

/// A new address and a new number, each until its code is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// An account at a provider that signs in to this one.
#[derive(Clone, Debug, Deserialize)]
pub struct Identity {
    pub provider: String,
    #[serde(default)]
    pub email: String,
    /// ISO 8601.
    #[serde(default)]
    pub since: String,
}

/// What became of a wish for another address or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A code is on its way there.
    CodeSent,
    /// Nothing is to be verified.
    AtOnce,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linked {
    identities: Vec<Identity>,
    has_password: bool,
}

/// What a person is reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    Email,
    Phone,
}

impl Contact {
    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone_number",
        }
    }
}

impl Account {
    pub async fn profile(&self, user: &Session) -> Result<Profile, Error> {
        let attributes = self.attributes(user).await?;
        let verified = attributes.value("phone_number_verified") == Some("true");
        let phone = attributes.value(Contact::Phone.name()).filter(|number| !number.is_empty()).map(str::to_owned);
        let created = self.graphql_of(user).await?.created().await.map_err(|error| self.doubtful(error))?;
        let linked = self.linked(user).await?;
        let told = |name| attributes.value(name).map(str::to_owned);
        let tells = self.offers("pending-contacts").await?;
        let waiting = || Waiting { email: told("custom:new_email"), phone: told("custom:new_phone_number") };
        Ok(Profile {
            email: attributes.value(Contact::Email.name()).unwrap_or(&user.owner.email).to_owned(),
            phone: phone.clone().filter(|_| verified),
            unverified_phone: phone.filter(|_| !verified),
            waiting: tells.then(waiting),
            created,
            identities: linked.identities,
            has_password: linked.has_password,
        })
    }

    /// The number that is verified.
    pub async fn phone(&self, user: &Session) -> Result<Option<String>, Error> {
        let attributes = self.attributes(user).await?;
        let verified = attributes.value("phone_number_verified") == Some("true");
        Ok(attributes.value(Contact::Phone.name()).filter(|number| verified && !number.is_empty()).map(str::to_owned))
    }

    /// An empty number takes it away.
    pub async fn set_contact(&self, user: &Session, contact: Contact, value: &str) -> Result<Changed, Error> {
        let message = UpdateUserAttributes {
            access_token: self.access_token(user).await?,
            user_attributes: vec![Attribute { name: contact.name().to_owned(), value: value.to_owned() }],
        };
        let sent: UpdatedUserAttributes = self.operation("UpdateUserAttributes", &message, During::Change).await?;
        let waits = !sent.code_delivery_details_list.is_empty();
        Ok(if waits { Changed::CodeSent } else { Changed::AtOnce })
    }

    pub async fn confirm_contact(&self, user: &Session, contact: Contact, code: &Code) -> Result<(), Error> {
        let message = VerifyUserAttribute {
            access_token: self.access_token(user).await?,
            attribute_name: contact.name().to_owned(),
            code: code.expose().into(),
        };
        self.operation::<Value>("VerifyUserAttribute", &message, During::Change).await.map(drop)
    }

    pub async fn send_contact_code(&self, user: &Session, contact: Contact) -> Result<(), Error> {
        let access_token = self.access_token(user).await?;
        let message = GetUserAttributeVerificationCode { access_token, attribute_name: contact.name().to_owned() };
        self.operation::<Value>("GetUserAttributeVerificationCode", &message, During::Change).await.map(drop)
    }

    pub async fn unlink(&self, user: &Session, provider: &str) -> Result<(), Error> {
        let body = json!({ "provider": provider });
        self.auth_api::<Value>(user, "/identities/unlink", Some(body)).await.map(drop)
    }

    async fn attributes(&self, user: &Session) -> Result<User, Error> {
        let message = ByAccessToken { access_token: self.access_token(user).await? };
        self.operation("GetUser", &message, During::Change).await
    }

    /// Services without providers have nothing to link.
    async fn linked(&self, user: &Session) -> Result<Linked, Error> {
        let description = self.description().await?;
        if !description.features.iter().any(|word| word.starts_with("identity-provider:")) {
            return Ok(Linked { identities: Vec::new(), has_password: true });
        }
        self.auth_api(user, "/identities", None).await
    }
}

impl User {
    fn value(&self, name: &str) -> Option<&str> {
        self.user_attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }
}
