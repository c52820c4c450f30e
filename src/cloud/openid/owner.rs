//! Whose account an identity leads to. By its subject first: an address of e-mail may change. An account that is there already
//! is never given away by an address alone (GOO-05), and no second one is opened for the same address (GOO-06).

use super::ticket::Ticket;
use crate::cloud::Error;
use crate::cloud::accounts::check_email;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, EventKind, Identity, Linked, NewRow};

pub(super) enum Whose {
    Account(AccountId),
    /// That account's, once its owner has agreed.
    AfterProof(Box<Account>),
    /// Nobody's, for this reason.
    Nobody(String),
}

pub(super) async fn find(
    site: &Site,
    link: Option<&Ticket>,
    identity: &Identity,
    email_verified: bool,
) -> Result<Whose, Error> {
    let known = site.cloud.store.identity(&identity.issuer, &identity.subject).await?;
    match (link, known) {
        (Some(ticket), known) => to_link(site, ticket, known, identity).await,
        (None, Some(linked)) => Ok(Whose::Account(linked.account)),
        (None, None) => new_here(site, identity, email_verified).await,
    }
}

async fn to_link(site: &Site, ticket: &Ticket, known: Option<Linked>, identity: &Identity) -> Result<Whose, Error> {
    let id = AccountId::from_text(ticket.account.as_str());
    let provider = &identity.provider;
    match known {
        Some(linked) if linked.account == id => return Ok(Whose::Account(id)),
        Some(_) => {
            return Ok(Whose::Nobody(format!("That {provider} account belongs to another account here already.")));
        }
        None => {}
    }
    let others = site.cloud.store.identities_of(&id).await?;
    if others.iter().any(|other| other.identity.issuer == identity.issuer) {
        let sentence = format!("Your account is linked with another {provider} account. Unlink that one first.");
        return Ok(Whose::Nobody(sentence));
    }
    let account = site.cloud.store.account(&id).await?;
    Ok(account
        .map_or_else(|| Whose::Nobody("Your account is gone.".to_owned()), |account| Whose::AfterProof(account.into())))
}

async fn new_here(site: &Site, identity: &Identity, email_verified: bool) -> Result<Whose, Error> {
    let Identity { provider, email, .. } = identity;
    if email.is_empty() || check_email(email).is_err() {
        return Ok(Whose::Nobody(format!(
            "{provider} does not tell an e-mail address of yours, which this service needs."
        )));
    }
    if !email_verified {
        let sentence = format!(
            "{provider} does not know yet whether {email} is yours. Confirm the address there, then try again."
        );
        return Ok(Whose::Nobody(sentence));
    }
    let Some(account) = site.cloud.store.account_named(email).await? else {
        return open_account(site, identity).await;
    };
    // Opened a moment ago by the same person in another tab?
    let known = site.cloud.store.identity(&identity.issuer, &identity.subject).await?;
    if let Some(linked) = known {
        return Ok(Whose::Account(linked.account));
    }
    if account.has_password() {
        return Ok(Whose::AfterProof(account.into()));
    }
    let linked = site.cloud.store.identities_of(&account.id).await?;
    let way_in = linked.first().map_or("another way", |one| one.identity.provider.as_str());
    Ok(Whose::Nobody(format!(
        "You open your account for {email} with {way_in}. Sign in so, then link {provider} on the account page."
    )))
}

/// An account without a password. Sign-ups that wait for a mailed code lose: their address is proved already (GOO-05).
async fn open_account(site: &Site, identity: &Identity) -> Result<Whose, Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let id = AccountId::new(&site.cloud.entropy);
    let row = NewRow { id: &id, email: &identity.email, password: None, phone: None };
    if store.found_account(row, identity, now).await? {
        site.note(&id, EventKind::SignedUp, &identity.provider).await?;
        return Ok(Whose::Account(id));
    }
    // Somebody was faster: the same person in another tab, or somebody with the same address.
    let known = store.identity(&identity.issuer, &identity.subject).await?;
    Ok(known.map_or_else(
        || Whose::Nobody("Somebody opened an account with that e-mail address just now. Try again.".to_owned()),
        |linked| Whose::Account(linked.account),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::{CLIENT, EMAIL};
    use crate::cloud::openid::bench::{Journey, claims};
    use crate::cloud::openid::test_provider::Login;

    #[tokio::test]
    async fn the_first_sign_in_opens_an_account_and_later_ones_find_it_whatever_the_address_is_then() {
        let mut journey = Journey::new().await;
        let first = journey.login("ann@example.test");
        let opened = claims(&journey.tokens(first).await["access_token"]);
        for email in ["ANN@example.test", "ann.new@example.test", ""] {
            let later = Login { verified: false, ..journey.login(email) };
            assert_eq!(claims(&journey.tokens(later).await["access_token"])["sub"], opened["sub"], "{email}");
        }
        assert_eq!(opened["username"], "Google_1175");
        assert!(journey.bench.cloud.store.account_named("ann.new@example.test").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_address_that_has_an_account_here_opens_no_second_one_and_nothing_in_silence() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        for email in [EMAIL, "ann+pi@EXAMPLE.test"] {
            let login = journey.login(email);
            let page = journey.visit_provider(&[], login).await;
            assert!(page.location().starts_with("http://cloud.test/oauth2/link?request="), "{}", page.location());
        }
    }

    #[tokio::test]
    async fn a_sign_up_that_nobody_confirmed_does_not_stand_in_the_way_and_ends() {
        let mut journey = Journey::new().await;
        let planted = json!({"ClientId": CLIENT, "Username": "ann@example.test", "Password": "planted-by-mallory-77"});
        journey.bench.cognito("SignUp", &planted).await;
        let login = journey.login("ann@example.test");
        journey.tokens(login).await;
        let code = journey.bench.code_sent_to("ann@example.test").await;
        let confirm = json!({"ClientId": CLIENT, "Username": "ann@example.test", "ConfirmationCode": code});
        assert!(!journey.bench.cognito("ConfirmSignUp", &confirm).await.fault().is_empty());
        let planted = json!({"USERNAME": "ann@example.test", "PASSWORD": "planted-by-mallory-77"});
        assert!(!journey.bench.initiate("USER_PASSWORD_AUTH", planted).await.signed_in());
    }

    #[tokio::test]
    async fn two_first_sign_ins_at_once_open_one_account() {
        let mut journey = Journey::new().await;
        let (one, other) = (journey.authorize(&[]).await.location(), journey.authorize(&[]).await.location());
        let login = journey.login("ann@example.test");
        let (one, other) = (journey.provider.agree(&one, login.clone()), journey.provider.agree(&other, login));
        let mut second_tab = journey.same_browser();
        let (one, other) = tokio::join!(journey.get(&one), second_tab.get(&other));
        let (one, other) = (one.carried(), other.carried());
        let tokens = [journey.redeem(&one["code"], &[]).await.json(), journey.redeem(&other["code"], &[]).await.json()];
        assert_eq!(claims(&tokens[0]["access_token"])["sub"], claims(&tokens[1]["access_token"])["sub"]);
    }
}
