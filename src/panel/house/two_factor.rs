//! Two-factor authentication, as its owner sees and changes it.

use super::owner::Owner;
use super::profile::change_contact;
use crate::account::{self, Channel, Contact, Preference};
use crate::panel::Panel;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{Enrolment, FactorChange, FactorOn, Shown, TwoFactor};
use crate::panel::screens::{Outcome, Problem, Visitor, words};
use crate::protocol::code::Code;
use crate::protocol::recovery_code::RecoveryCodes;

const PAGE: &str = "two-factor";

impl Panel {
    pub(super) async fn two_factor_of(&self, visitor: &Visitor) -> Result<TwoFactor, Problem> {
        let owner = self.owner(visitor, PAGE)?;
        look(&owner).await.map_err(|error| owner.troubled(error, PAGE))
    }

    pub(super) async fn change_factors(&self, owner: &Owner, act: FactorChange) -> Result<Outcome, Problem> {
        if let FactorChange::BeginTexts(number) = act {
            return begin_texts(owner, number).await;
        }
        let back = match act {
            FactorChange::ConfirmTexts(_) | FactorChange::SendTextAgain => "set-up-texts",
            FactorChange::ConfirmAuthenticator(_) | FactorChange::BeginAuthenticator => "turn-on",
            FactorChange::BeginTexts(_) | FactorChange::TurnOff | FactorChange::MakeRecoveryCodes => PAGE,
        };
        match try_change(owner, act).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => owner.refused(error, back),
        }
    }
}

async fn look(owner: &Owner) -> Result<TwoFactor, account::Error> {
    let found = owner.account.factors(&owner.user).await?;
    let by_text = found.on.iter().any(|(channel, _)| *channel == Channel::Sms);
    let phone = if by_text { owner.account.phone(&owner.user).await? } else { None };
    let factor_on = |(channel, since): (Channel, Option<String>)| {
        let since = since.as_deref().map(words::service_date).unwrap_or_default();
        FactorOn { channel, since }
    };
    Ok(TwoFactor {
        on: found.on.into_iter().map(factor_on).collect(),
        codes_left: found.codes_left,
        provider: found.provider,
        phone,
        makes_codes: found.makes_codes,
    })
}

async fn try_change(owner: &Owner, act: FactorChange) -> Result<Outcome, account::Error> {
    let (account, user) = (&owner.account, &owner.user);
    match act {
        FactorChange::BeginAuthenticator => {
            let begun = account.begin_authenticator(user).await?;
            let enrolment = Enrolment { secret: begun.secret.expose().clone(), uri: begun.uri.expose().clone() };
            owner.drawer.set_enrolment(Some(enrolment));
            Ok(Outcome::Ask("set-up-authenticator".to_owned()))
        }
        FactorChange::ConfirmAuthenticator(code) => confirm_authenticator(owner, &code).await,
        FactorChange::BeginTexts(_) => Err(account::Error::OutOfTurn),
        FactorChange::ConfirmTexts(code) => {
            account.confirm_contact(user, Contact::Phone, &code).await?;
            owner.drawer.set_new_phone(None);
            turn_on(owner, Preference::Texts).await
        }
        FactorChange::SendTextAgain => {
            account.send_contact_code(user, Contact::Phone).await?;
            Ok(Outcome::Ask(Done::SentAgain.at("set-up-texts")))
        }
        FactorChange::TurnOff => {
            account.prefer(user, Preference::Nothing).await?;
            Ok(Outcome::Ask(Done::TurnedOff.at(PAGE)))
        }
        FactorChange::MakeRecoveryCodes => {
            let codes = account.make_recovery_codes(user).await?;
            Ok(codes_or(owner, codes, PAGE.to_owned()))
        }
    }
}

/// A number that is verified already needs no code.
async fn begin_texts(owner: &Owner, number: String) -> Result<Outcome, Problem> {
    let back = "set-up-texts?number";
    let outcome = match owner.account.phone(&owner.user).await {
        Ok(known) if known.as_ref() == Some(&number) => turn_on(owner, Preference::Texts).await,
        Ok(_) => return change_contact(owner, Contact::Phone, number, "set-up-texts").await,
        Err(error) => Err(error),
    };
    outcome.or_else(|error| owner.refused(error, back))
}

async fn confirm_authenticator(owner: &Owner, code: &Code) -> Result<Outcome, account::Error> {
    let before = owner.account.factors(&owner.user).await?;
    owner.account.confirm_authenticator(&owner.user, code).await?;
    owner.drawer.set_enrolment(None);
    if before.on.iter().any(|(channel, _)| *channel == Channel::Authenticator) {
        return Ok(Outcome::Ask(Done::SetUpAnew.at(PAGE)));
    }
    turn_on(owner, Preference::Authenticator).await
}

async fn turn_on(owner: &Owner, preference: Preference) -> Result<Outcome, account::Error> {
    let codes = owner.account.prefer(&owner.user, preference).await?;
    Ok(codes_or(owner, codes, Done::TurnedOn.at(PAGE)))
}

/// To the page of the codes that are to be saved, if there are any.
fn codes_or(owner: &Owner, codes: Option<RecoveryCodes>, otherwise: String) -> Outcome {
    let Some(codes) = codes else { return Outcome::Ask(otherwise) };
    owner.drawer.show(Shown::Codes { long: codes.long, short: codes.short }, owner.now);
    Outcome::Ask("recovery-codes".to_owned())
}
