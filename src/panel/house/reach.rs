//! Ways to an account: signing up, and a password that was forgotten.

use http::StatusCode;

use crate::account::Error as Refusal;
use crate::panel::place::Turn;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::Reach;
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::{Error, Outcome, Problem};
use crate::panel::{Panel, claim};

impl Panel {
    pub(super) async fn reach_account(&self, turn: &mut Turn, act: Reach) -> Result<Outcome, Problem> {
        if !self.is_owned() && !turn.has_claimed(self.monotonic()) {
            act.email().clone_into(&mut turn.email);
            return Ok(Outcome::Elsewhere(claim::Why::Lapsed.link().to_owned()));
        }
        let account = &self.0.account;
        let (done, email, leads_to) = match act {
            Reach::SignUp { email, password } => {
                (account.sign_up(&email, &password).await, email, "confirm-email".to_owned())
            }
            Reach::ConfirmSignUp { email, code } => {
                (account.confirm_sign_up(&email, &code).await, email, Why::Confirmed.link().to_owned())
            }
            Reach::SendConfirmationAgain { email } => {
                (account.send_confirmation_again(&email).await, email, Done::SentAgain.at("confirm-email"))
            }
            Reach::ForgotPassword { email } => {
                (account.forgot_password(&email).await, email, "reset-password".to_owned())
            }
            Reach::ResetPassword { email, code, password } => {
                (account.reset_password(&email, &code, &password).await, email, Why::PasswordReset.link().to_owned())
            }
        };
        turn.email = email;
        done.map(|()| Outcome::Ask(leads_to)).map_err(at_its_field)
    }
}

fn at_its_field(refusal: Refusal) -> Problem {
    if let Refusal::PasswordPolicy(said) = &refusal {
        return Problem::new(StatusCode::BAD_REQUEST, said).at("password");
    }
    let of_the_code = matches!(refusal, Refusal::WrongMailedCode);
    let of_the_password = matches!(&refusal, Refusal::Unusable(said) if said.contains("password"));
    let problem = Error::from(refusal).problem();
    match (of_the_code, of_the_password) {
        (true, _) => problem.at("code"),
        (_, true) => problem.at("password"),
        (false, false) => problem,
    }
}
