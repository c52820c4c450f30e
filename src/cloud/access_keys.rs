//! Making, changing and deleting access keys: what GraphQL and the portal ask for. A key's secret is told once, when it is made.

use super::ids::AccountId;
use super::moment::Moment;
use super::permit::{By, Deed, KeyScope, Refusal};
use super::site::Site;
use super::store::{self, Created, EventKind, NewKey, StoredKey};
use crate::protocol::access_key::AccessKey;

const LONGEST_NAME: usize = 100;

/// What somebody typed for a new key; each is optional.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyWish {
    pub(crate) name: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) expires: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("The account has {0} access keys, which is the limit; disable one and delete it first.")]
    TooMany(u32),
    #[error("The name of a key has at most 100 characters and no line breaks.")]
    Name,
    #[error("The scope '{0}' is not known; use 'read', 'sign-in-device' or 'full'.")]
    Scope(String),
    #[error("The end '{0}' is not a date; write one like 2030-12-31 or 2030-12-31T12:00:00Z.")]
    NoDate(String),
    #[error("The end of a key must lie in the future.")]
    Past,
    #[error("The account has no such access key.")]
    NoSuchKey,
    #[error("Disable the access key before you delete it.")]
    StillEnabled,
    #[error("Say what to change: enabled, name or both.")]
    NothingToChange,
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
}

impl Site {
    pub(crate) async fn create_key(&self, account: &AccountId, by: &By, wish: KeyWish) -> Result<AccessKey, Error> {
        let new = NewKey {
            name: check_name(wish.name.as_deref().unwrap_or_default())?,
            scope: read_scope(wish.scope.as_deref())?,
            expires: read_end(wish.expires.as_deref(), self.cloud.now())?.or(by.end()),
        };
        by.may(Deed::MakeKey { expires: new.expires })?;
        let at_most = self.cloud.plan.access_keys_per_account;
        match self.cloud.store.create_key(account, &new, at_most, self.cloud.now()).await? {
            Created::TooMany => Err(Error::TooMany(at_most)),
            Created::Key(key) => {
                let detail = format!("{}, scope {}", shown(key.id.as_str(), &new.name), new.scope.name());
                self.note(account, EventKind::KeyCreated, &detail).await?;
                Ok(key)
            }
        }
    }

    /// `None`: leave it as it is. An empty name takes the name away.
    pub(crate) async fn change_key(
        &self,
        account: &AccountId,
        by: &By,
        key: &str,
        enabled: Option<bool>,
        name: Option<&str>,
    ) -> Result<StoredKey, Error> {
        let retires = enabled == Some(false) && name.is_none();
        by.may(if retires { Deed::RetireKey(key) } else { Deed::ChangeKey })?;
        let name = name.map(check_name).transpose()?;
        if enabled.is_none() && name.is_none() {
            return Err(Error::NothingToChange);
        }
        let changed = self.cloud.store.change_key(account, key, enabled, name.as_deref()).await?;
        let changed = changed.ok_or(Error::NoSuchKey)?;
        let what = match (enabled, name) {
            (Some(true), _) => "enabled",
            (Some(false), _) => "disabled",
            (None, _) => "renamed",
        };
        self.note(account, EventKind::KeyChanged, &format!("{}: {what}", changed.shown())).await?;
        Ok(changed)
    }

    /// Only a disabled key can be deleted, so that nothing stops working by surprise.
    pub(crate) async fn delete_key(&self, account: &AccountId, by: &By, key: &str) -> Result<(), Error> {
        by.may(Deed::RetireKey(key))?;
        let own = self.cloud.store.keys_of(account).await?.into_iter().find(|own| own.id == key);
        let own = own.ok_or(Error::NoSuchKey)?;
        if !self.cloud.store.delete_disabled_key(account, key).await? {
            return Err(Error::StillEnabled);
        }
        Ok(self.note(account, EventKind::KeyDeleted, &own.shown()).await?)
    }
}

impl StoredKey {
    /// For people: its id, and its name when it has one.
    pub(crate) fn shown(&self) -> String {
        shown(&self.id, &self.name)
    }
}

fn shown(id: &str, name: &str) -> String {
    if name.is_empty() { id.to_owned() } else { format!("{id} ({name})") }
}

fn check_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let fits = name.chars().count() <= LONGEST_NAME && !name.contains(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(Error::Name) }
}

fn read_scope(scope: Option<&str>) -> Result<KeyScope, Error> {
    let Some(scope) = scope else { return Ok(KeyScope::Full) };
    KeyScope::named(scope.trim()).ok_or_else(|| Error::Scope(scope.chars().take(LONGEST_NAME).collect()))
}

fn read_end(end: Option<&str>, now: Moment) -> Result<Option<Moment>, Error> {
    let Some(text) = end else { return Ok(None) };
    let end = Moment::parse(text).ok_or_else(|| Error::NoDate(text.chars().take(LONGEST_NAME).collect()))?;
    if end > now { Ok(Some(end)) } else { Err(Error::Past) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::{Bench, EMAIL, Reply};
    use crate::cloud::bench_keys::{WHO, ask, code, error, made, new_key, new_key_with, signed};
    use crate::protocol::graphql::DELETE_ACCESS_KEY;

    const LIST: &str = "{ login { accessKeys { key enabled name scope expires } } }";

    async fn ann(bench: &Bench) -> String {
        bench.ann(None, None).await;
        bench.access_token().await
    }

    fn allowed(reply: &Reply) -> bool {
        assert_eq!(reply.status.as_u16(), 200, "a living key is never refused as dead: {}", reply.body);
        code(reply) != "NOT_ALLOWED"
    }

    #[tokio::test]
    async fn a_key_has_a_name_a_scope_and_an_end_when_somebody_asks_for_them() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let plain = new_key(&bench, &token).await;
        bench.hand.pass(Duration::from_secs(1));
        let arguments = r#"(name: " attic ", scope: "read", expires: "2024-02-01")"#;
        let full = new_key_with(&bench, &token, arguments).await;
        let listed = bench.graphql(&token, LIST).await;
        let as_usual =
            json!({"key": plain.id.as_str(), "enabled": true, "name": null, "scope": "full", "expires": null});
        let as_wished = json!({"key": full.id.as_str(), "enabled": true, "name": "attic", "scope": "read",
                               "expires": "2024-02-01T00:00:00Z"});
        assert_eq!(listed.body["data"]["login"]["accessKeys"], json!([as_usual, as_wished]));
        let rename = format!(
            "mutation {{ updateAccessKey(key: \"{}\", name: \"cellar\") {{ name enabled }} }}",
            plain.id.as_str()
        );
        let renamed = bench.graphql(&token, &rename).await;
        assert_eq!(renamed.body["data"]["updateAccessKey"], json!({"name": "cellar", "enabled": true}));
    }

    #[tokio::test]
    async fn a_wish_that_cannot_be_met_is_refused_in_words_and_makes_no_key() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let long = format!(r#"(name: "{}")"#, "x".repeat(101));
        for (arguments, reason) in [
            (long.as_str(), "at most 100 characters"),
            (r#"(name: "a\nb")"#, "no line breaks"),
            (r#"(scope: "admin")"#, "'admin' is not known"),
            (r#"(expires: "soon")"#, "'soon' is not a date"),
            (r#"(expires: "2024-01-02T03:04:05Z")"#, "must lie in the future"),
        ] {
            let query = format!("mutation {{ createAccessKey{arguments} {{ key secret }} }}");
            let reply = bench.graphql(&token, &query).await;
            assert!(error(&reply).contains(reason), "{arguments}: {}", error(&reply));
        }
        let key = new_key(&bench, &token).await;
        let nothing = format!("mutation {{ updateAccessKey(key: \"{}\") {{ key }} }}", key.id.as_str());
        assert!(error(&bench.graphql(&token, &nothing).await).contains("what to change"));
        let listed = bench.graphql(&token, LIST).await;
        assert_eq!(listed.body["data"]["login"]["accessKeys"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_key_works_until_its_end_and_says_when_that_was() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let key = new_key_with(&bench, &token, r#"(expires: "2024-01-02T03:05:05Z")"#).await;
        bench.hand.pass(Duration::from_secs(59));
        assert_eq!(ask(&bench, &key, WHO).await.body["data"]["login"]["email"], EMAIL);
        bench.hand.pass(Duration::from_secs(1));
        let late = ask(&bench, &key, WHO).await;
        assert_eq!((late.status.as_u16(), code(&late)), (401, "KEY_EXPIRED"));
        assert!(error(&late).contains("ended at 2024-01-02T03:05:05Z; make a new one"), "{}", error(&late));
    }

    #[tokio::test]
    async fn a_read_key_looks_and_may_not_call_one_mutation_of_the_schema() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let key = new_key_with(&bench, &token, r#"(scope: "read")"#).await;
        for look in [WHO, LIST, "{ login { events { total } devices { total } } }"] {
            let reply = ask(&bench, &key, look).await;
            assert!(allowed(&reply) && reply.body["data"]["login"].is_object(), "{look}: {}", reply.body);
        }
        let schema = "{ __schema { mutationType { fields { name args { name type { kind ofType { name } } } type { kind ofType { kind } } } } } }";
        let schema = bench.graphql(&token, schema).await;
        let fields = schema.body["data"]["__schema"]["mutationType"]["fields"].as_array().unwrap().clone();
        assert!(fields.len() >= 4);
        for field in fields {
            let call = call_of(&field);
            assert!(!allowed(&ask(&bench, &key, &call).await), "{call}");
        }
    }

    /// A call of that field with something for each argument that it must have.
    fn call_of(field: &Value) -> String {
        let needs = |argument: &&Value| argument["type"]["kind"] == "NON_NULL";
        let given = field["args"].as_array().unwrap().iter().filter(needs).map(|argument| {
            let value = if argument["type"]["ofType"]["name"] == "Boolean" { "true" } else { "\"x\"" };
            format!("{}: {value}", argument["name"].as_str().unwrap())
        });
        let given: Vec<String> = given.collect();
        let arguments = if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
        let kinds = [&field["type"]["kind"], &field["type"]["ofType"]["kind"]];
        let selection = if kinds.iter().any(|kind| **kind == "OBJECT") { " { __typename }" } else { "" };
        format!("mutation {{ {}{arguments}{selection} }}", field["name"].as_str().unwrap())
    }

    #[tokio::test]
    async fn a_devices_key_knows_whose_it_is_and_can_only_give_itself_up() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let device = new_key_with(&bench, &token, r#"(scope: "sign-in-device")"#).await;
        let other = new_key(&bench, &token).await;
        assert_eq!(ask(&bench, &device, WHO).await.body["data"]["login"]["email"], EMAIL);
        let delete = |id: &str| {
            let variables = json!({ "key": id });
            DELETE_ACCESS_KEY
                .replace("mutation($key:String!)", "mutation")
                .replace("$key", &variables["key"].to_string())
        };
        for refused in [
            LIST.to_owned(),
            "{ login { events { total } } }".to_owned(),
            "mutation { createAccessKey { key secret } }".to_owned(),
            delete(other.id.as_str()),
            format!("mutation {{ updateAccessKey(key: \"{}\", name: \"x\") {{ key }} }}", device.id.as_str()),
        ] {
            assert!(!allowed(&ask(&bench, &device, &refused).await), "{refused}");
        }
        assert!(
            error(&ask(&bench, &device, "mutation { connect(serviceId: \"x\") { id } }").await).contains("no such")
        );
        let gone = ask(&bench, &device, &delete(device.id.as_str())).await;
        assert_eq!(gone.body["data"]["deleteAccessKey"], true, "{}", gone.body);
        assert_eq!(code(&ask(&bench, &device, WHO).await), "KEY_UNKNOWN");
        assert_eq!(ask(&bench, &other, WHO).await.body["data"]["login"]["email"], EMAIL);
    }

    #[tokio::test]
    async fn a_full_key_manages_keys_but_none_outlives_it_and_the_accounts_own_doors_stay_shut() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let full = new_key_with(&bench, &token, r#"(expires: "2024-01-03")"#).await;
        let longer = "mutation { createAccessKey(expires: \"2024-01-04\") { key secret } }";
        assert!(error(&ask(&bench, &full, longer).await).contains("cannot make one that lasts longer"));
        let child = made(&ask(&bench, &full, "mutation { createAccessKey { key secret } }").await);
        bench.hand.pass(Duration::from_secs(24 * 3600));
        assert_eq!(code(&ask(&bench, &child, WHO).await), "KEY_EXPIRED");
        for door in ["/v1/mfaPref", "/v1/globalSignout", "/v1/events.csv"] {
            let (head, _body) = signed(&bench, &child, WHO).into_parts();
            let mut request = axum::http::Request::get(door).body(axum::body::Body::empty()).unwrap();
            *request.headers_mut() = head.headers;
            assert_eq!(bench.send(request).await.status.as_u16(), 401, "{door}");
        }
    }

    #[tokio::test]
    async fn zero_means_any_number_of_keys() {
        let bench = Bench::new().await;
        let token = ann(&bench).await;
        let unlimited = bench.beside(|plan| plan.access_keys_per_account = 0).await;
        for _ in 0..4 {
            let request = axum::http::Request::post("/graphql/v1")
                .header("authorization", format!("Bearer {token}"))
                .body(json!({"query": "mutation { createAccessKey { key secret } }"}).to_string().into());
            made(&crate::cloud::bench::send(&unlimited, request.unwrap()).await);
        }
    }

    #[tokio::test]
    async fn two_factor_a_new_password_and_signing_out_everywhere_break_no_key() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await;
        let token = bench.access_token().await;
        let key = new_key(&bench, &token).await;
        let works = async |after: &str| {
            assert_eq!(ask(&bench, &key, WHO).await.body["data"]["login"]["email"], EMAIL, "after {after}");
        };
        bench.cognito("GlobalSignOut", &json!({"AccessToken": token})).await;
        works("signing out everywhere").await;
        bench.cloud.require(&ann.id, crate::cloud::Requirement::NewPassword).await.unwrap();
        works("a demand for a new password").await;
        let new = json!({"NEW_PASSWORD": "quite another passphrase 42".replace(' ', "-")});
        let reply = bench.respond("NEW_PASSWORD_REQUIRED", bench.begin().await.session(), new).await;
        assert!(reply.signed_in(), "{}", reply.body);
        works("a new password").await;
        bench.cloud.require(&ann.id, crate::cloud::Requirement::SecondFactor).await.unwrap();
        works("a demand for a second factor").await;
        bench
            .cloud
            .store
            .add_sms_factor(&crate::cloud::ids::AccountId::from_text(&ann.id), bench.cloud.now())
            .await
            .unwrap();
        works("turning a second factor on").await;
    }
}
