//! Two-factor authentication, as its owner sees and changes it.

use http::StatusCode;

use super::Portal;
use super::door::troubled;
use super::house::prove_first;
use super::owner::Owner;
use super::profile::{send_code, update, verify};
use super::sign_in::ISSUER;
use super::visit::Memory;
use crate::base::report;
use crate::cloud::factors::{self, Preference};
use crate::cloud::openid;
use crate::cloud::site::Site;
use crate::cloud::store::{Factor, FactorKind};
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{Enrolment, FactorChange, FactorOn, Shown, TwoFactor};
use crate::panel::screens::{Channel, Error, Outcome, Problem, Refusal, Visitor, words};
use crate::protocol::code::Code;

impl Portal {
    pub(super) async fn two_factor_of(&self, visitor: &Visitor) -> Result<TwoFactor, Problem> {
        let owner = self.owner(visitor).await?;
        let (site, account) = (&self.0.site, owner.account());
        let on = site.cloud.store.factors_on(&account.id).await.map_err(troubled)?;
        let left = site.cloud.store.recovery_codes_left(&account.id).await.map_err(troubled)?;
        let provider = openid::only_provider(site, account).await.map_err(troubled)?;
        Ok(TwoFactor {
            codes_left: (!on.is_empty()).then_some(left.short),
            on: on.iter().map(factor_on).collect(),
            provider,
            phone: account.phone.clone(),
            makes_codes: true,
        })
    }

    pub(super) async fn enrolment_of(&self, visitor: &Visitor) -> Result<Option<Enrolment>, Problem> {
        let owner = self.owner(visitor).await?;
        let store = &self.0.site.cloud.store;
        let waiting = store.enrolment(owner.id(), &owner.who.family.id, self.now()).await.map_err(troubled)?;
        Ok(waiting.map(|waiting| Enrolment {
            secret: waiting.secret.text().expose().clone(),
            uri: waiting.secret.otpauth_uri(ISSUER, &owner.account().email).expose().clone(),
        }))
    }

    pub(super) async fn change_factors(
        &self,
        site: &Site,
        owner: &Owner,
        memory: &mut Memory,
        act: FactorChange,
    ) -> Result<Outcome, Problem> {
        match self.try_change(site, owner, act).await {
            Ok(outcome) => Ok(outcome),
            // A sign-in that passed no factor which is on now is not enough, however fresh.
            Err(Refused::Factors(factors::Error::NotFresh(_))) => {
                Ok(prove_first(memory, &owner.account().email, "two-factor"))
            }
            Err(Refused::Factors(error)) => Err(problem(error)),
            Err(Refused::Told(problem)) => Err(problem),
        }
    }

    async fn try_change(&self, site: &Site, owner: &Owner, act: FactorChange) -> Result<Outcome, Refused> {
        let go = |page: &str| Ok(Outcome::Ask(page.to_owned()));
        match act {
            FactorChange::BeginAuthenticator => {
                factors::begin(site, &owner.who).await?;
                go("set-up-authenticator")
            }
            FactorChange::ConfirmAuthenticator(code) => self.confirm_authenticator(site, owner, &code).await,
            FactorChange::BeginTexts(number) => {
                if owner.account().phone.as_ref() == Some(&number) {
                    return self.turn_on(site, owner, FactorKind::Sms).await;
                }
                update(site, owner, "phone_number", &number).await.map_err(|problem| problem.at("phone"))?;
                go("set-up-texts")
            }
            FactorChange::ConfirmTexts(code) => {
                verify(site, owner, "phone_number", &code).await?;
                let owner = self.again(owner).await?;
                self.turn_on(site, &owner, FactorKind::Sms).await
            }
            FactorChange::SendTextAgain => {
                send_code(site, owner, "phone_number").await?;
                Ok(Outcome::Ask(Done::SentAgain.at("set-up-texts")))
            }
            FactorChange::TurnOff => {
                factors::prefer(site, &owner.who, Preference::None).await?;
                Ok(Outcome::Ask(Done::TurnedOff.at("two-factor")))
            }
            FactorChange::MakeRecoveryCodes => {
                let codes = factors::make(site, &owner.who).await?;
                self.show(owner, &Shown::Codes { long: codes.long, short: codes.short }).await?;
                go("recovery-codes")
            }
        }
    }

    async fn confirm_authenticator(&self, site: &Site, owner: &Owner, code: &Code) -> Result<Outcome, Refused> {
        let before = site.cloud.store.factors_on(owner.id()).await.map_err(troubled)?;
        factors::confirm(site, &owner.who, code).await?;
        if before.iter().any(|factor| factor.kind == FactorKind::SoftwareToken) {
            return Ok(Outcome::Ask(Done::SetUpAnew.at("two-factor")));
        }
        self.turn_on(site, owner, FactorKind::SoftwareToken).await
    }

    async fn turn_on(&self, site: &Site, owner: &Owner, kind: FactorKind) -> Result<Outcome, Refused> {
        match factors::prefer(site, &owner.who, Preference::Only(kind)).await? {
            Some(codes) => {
                self.show(owner, &Shown::Codes { long: codes.long, short: codes.short }).await?;
                Ok(Outcome::Ask("recovery-codes".to_owned()))
            }
            None => Ok(Outcome::Ask(Done::TurnedOn.at("two-factor"))),
        }
    }

    /// The owner as the account is now.
    async fn again(&self, owner: &Owner) -> Result<Owner, Problem> {
        let store = &self.0.site.cloud.store;
        let account = store.account(owner.id()).await.map_err(troubled)?;
        let family = store.family(&owner.who.family.id).await.map_err(troubled)?;
        match (account, family) {
            (Some(account), Some(family)) => {
                Ok(Owner { session: owner.session.clone(), who: factors::SignedIn { account, family } })
            }
            _gone_meanwhile => Err(Error::Trouble.problem()),
        }
    }
}

/// By the factors themselves, or on the way to them.
enum Refused {
    Factors(factors::Error),
    Told(Problem),
}

impl From<factors::Error> for Refused {
    fn from(error: factors::Error) -> Self {
        Self::Factors(error)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Told(problem)
    }
}

fn factor_on(factor: &Factor) -> FactorOn {
    let channel = match factor.kind {
        FactorKind::SoftwareToken => Channel::Authenticator,
        FactorKind::Sms => Channel::Sms,
    };
    FactorOn { channel, since: words::service_date(&factor.since.iso()) }
}

fn problem(error: factors::Error) -> Problem {
    let told = |status| Problem::new(status, error.to_string());
    match &error {
        factors::Error::WrongCode => Error::from(Refusal::WrongCode).problem(),
        factors::Error::TooManyTexts(wait) => told(StatusCode::TOO_MANY_REQUESTS).after(Some(*wait)),
        factors::Error::TooManyTries(wait) => Error::from(Refusal::TooManyTries { wait: Some(*wait) }).problem(),
        factors::Error::NotDelivered(_) => Error::from(Refusal::CodeNotDelivered).problem(),
        factors::Error::NotFresh(_) => told(StatusCode::FORBIDDEN),
        factors::Error::NoAuthenticator
        | factors::Error::NoPhone
        | factors::Error::NoEnrolment
        | factors::Error::AtProvider(_)
        | factors::Error::NothingOn => told(StatusCode::CONFLICT),
        factors::Error::Store(_) | factors::Error::Service(_) => {
            tracing::warn!(error = report::chain(&error), "the portal cannot change factors");
            Error::Trouble.problem()
        }
    }
}
