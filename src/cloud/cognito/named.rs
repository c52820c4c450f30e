//! Whom a name stands for that somebody typed: an account, sign-ups that wait for their confirmation, or nobody. A name that is
//! nobody's gets an id in the form of a real one, always the same, and that id stands for itself, so that everything else can go
//! on as if there were somebody.

use super::fault::Fault;
use crate::cloud::ids::AccountId;
use crate::cloud::masked;
use crate::cloud::passwords::KeptPassword;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, SignUp, email_key};

pub(super) struct Named {
    pub(super) id: AccountId,
    pub(super) account: Option<Account>,
    /// Newest first. Where there is an account too, they come to nothing.
    pub(super) sign_ups: Vec<SignUp>,
    /// What limits count by: the same whichever of a person's names was typed.
    pub(super) subject: AccountId,
}

impl Named {
    pub(super) fn password(&self) -> Option<&KeptPassword> {
        match &self.account {
            Some(account) => account.password.as_ref(),
            None => self.sign_ups.first().map(|sign_up| &sign_up.password),
        }
    }
}

/// `username`: an e-mail address or id, checked for its form.
pub(super) async fn find(site: &Site, username: &str) -> Result<Named, Fault> {
    let key = email_key(username);
    let account = site.cloud.store.account_named(&key).await?;
    if account.is_none() {
        site.cloud.read_nobodys_password();
    }
    let sign_ups = site.cloud.store.sign_ups_named(&key, site.cloud.now()).await?;
    let stand_in = stand_in(site, &key);
    let subject = match (&account, sign_ups.first()) {
        (Some(account), _) => account.id.clone(),
        (None, Some(sign_up)) => self::stand_in(site, &email_key(&sign_up.email)),
        (None, None) => stand_in.clone(),
    };
    let somebody = account.as_ref().map(|account| &account.id).or(sign_ups.first().map(|sign_up| &sign_up.id));
    let id = somebody.cloned().unwrap_or(stand_in);
    Ok(Named { id, account, sign_ups, subject })
}

/// The address behind a typed name, as a client may see it: an id shows nothing of the address it belongs to.
pub(super) fn masked_email(username: &str) -> String {
    if username.contains('@') { masked::email(username.trim()) } else { masked::email("") }
}

fn stand_in(site: &Site, key: &str) -> AccountId {
    AccountId::shaped(key).unwrap_or_else(|| {
        let bytes = site.cloud.vault.derive("user id of nobody", key.as_bytes());
        AccountId::stand_in(<[u8; 16]>::try_from(bytes.split_at(16).0).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::{Bench, EMAIL};

    #[tokio::test]
    async fn salt_and_id_of_a_name_stay_and_do_not_tell_whose_it_is() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let exchange = async |name: &str| {
            let begun = bench.initiate("USER_SRP_AUTH", json!({"USERNAME": name, "SRP_A": "2f"})).await;
            let parameters = &begun.body["ChallengeParameters"];
            ["SALT", "USER_ID_FOR_SRP", "USERNAME"].map(|member| parameters[member].as_str().unwrap().to_owned())
        };
        let mut seen = Vec::new();
        for name in [EMAIL, "nobody@example.test", "other@example.test", "bob"] {
            let first = exchange(name).await;
            let [salt, id, username] = first.clone();
            assert_eq!((salt.len(), id.len(), &id), (32, 36, &username), "{name}");
            assert_eq!((&id[14..15], salt.starts_with("00")), ("4", false), "{name}");
            for again in [name.to_owned(), name.to_uppercase(), format!(" {name} "), id.clone(), id.to_uppercase()] {
                assert_eq!(exchange(&again).await, first, "{name} as {again}");
            }
            let restarted = bench.beside(|_same| {}).await;
            let body = json!({"AuthFlow": "USER_SRP_AUTH", "ClientId": crate::cloud::bench::CLIENT,
                              "AuthParameters": {"USERNAME": name, "SRP_A": "2f"}});
            let reply = crate::cloud::bench::cognito(&restarted, "InitiateAuth", body.to_string()).await;
            assert_eq!(reply.body["ChallengeParameters"]["SALT"], first[0].as_str(), "{name}");
            assert!(!seen.contains(&first[0]) && !seen.contains(&first[1]));
            seen.extend(first);
        }
    }
}
