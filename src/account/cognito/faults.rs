//! What the pool's errors mean (reference §1.9), by type, by message where one type means several things (COG-15), and by
//! what was going on. An unseen text has a safe meaning: never "try again by yourself".

use serde::de::DeserializeOwned;

use crate::account::provider::{Asking, Refused, Reply};
use crate::account::{Ask, Error};
use crate::protocol::cognito::Fault;

/// What the service was asked for when it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum During {
    Password,
    Code,
    NewPassword,
    MailedCode,
    RecoveryCode,
    /// Asking for a new access token.
    Renewal,
    /// A change of the account by its signed-in owner.
    Change,
    /// The same, proved by the present password.
    PasswordChange,
}

impl During {
    pub(crate) fn of(ask: &Ask) -> Self {
        match ask {
            Ask::AuthenticatorCode
            | Ask::SmsCode { .. }
            | Ask::EmailCode { .. }
            | Ask::ChooseFactor(_)
            | Ask::EnrolAuthenticator { .. }
            | Ask::MakeRoomForKey(_) => Self::Code,
            Ask::NewPassword { .. } => Self::NewPassword,
            Ask::MailedCode => Self::MailedCode,
            Ask::RecoveryCode => Self::RecoveryCode,
        }
    }
}

/// The message in a reply, or the meaning of its absence.
pub(in crate::account) fn read<T: DeserializeOwned>(reply: Result<Reply, Error>, during: During) -> Result<T, Error> {
    let reply = reply?;
    if reply.status == 200 {
        return serde_json::from_slice(reply.body.expose())
            .map_err(|_| unreadable("a reply that is not the one expected"));
    }
    match Fault::read(reply.body.expose(), reply.error_type.as_deref()) {
        Some(fault) => {
            let mut error = meaning(&fault, during);
            if let Error::TooManyTries { wait } = &mut error {
                *wait = reply.retry_after;
            }
            Err(error)
        }
        None => Err(unreadable(&format!("status {} without a reason", reply.status))),
    }
}

/// A reply that makes no sense. What it held is not repeated: it may be a secret.
pub(super) fn unreadable(what: &str) -> Error {
    Error::ServiceFault(format!("the service sent {what}").into())
}

/// Lets the person try again, where the service does.
pub(super) fn refused(error: Error, asking: Box<dyn Asking>) -> Refused {
    let again = leaves_the_sign_in_open(&error).then_some(asking);
    Refused { error, again }
}

/// Does the service still wait for a right answer?
pub(crate) fn leaves_the_sign_in_open(error: &Error) -> bool {
    matches!(
        error,
        Error::WrongCode
            | Error::CodeUsed
            | Error::CodeExpired
            | Error::WrongMailedCode
            | Error::WrongRecoveryCode
            | Error::TooManyTries { .. }
            | Error::PasswordPolicy(_)
            | Error::CodeNotDelivered
            | Error::Unreachable(_)
            | Error::NotTheService
            | Error::ClockWrong { .. }
            | Error::ServiceFault(_)
            | Error::Refused(_)
            | Error::UnsupportedChallenge(_)
    )
}

/// What a refusal means for the person, given what was going on.
pub(crate) fn meaning(fault: &Fault, during: During) -> Error {
    let (message, was_used) = (|| fault.message.clone(), fault.message.contains("already been used"));
    match fault.kind.as_str() {
        "NotAuthorizedException" => not_authorized(fault, during),
        "UserNotFoundException" => not_right(during),
        "UserNotConfirmedException" => Error::NotConfirmed,
        "PasswordResetRequiredException" => Error::PasswordResetRequired,
        "CodeMismatchException" | "ExpiredCodeException" if was_used => Error::CodeUsed,
        "CodeMismatchException" | "EnableSoftwareTokenMFAException" => wrong_code(during),
        "ExpiredCodeException" => Error::CodeExpired,
        // cognito-local answers a wrong password so (reference §9.3).
        "InvalidPasswordException" if during == During::Password => Error::WrongPassword,
        "InvalidPasswordException" => Error::PasswordPolicy(message()),
        "PasswordHistoryPolicyViolationException" => Error::PasswordPolicy("it was used before".to_owned()),
        "LimitExceededException" | "TooManyRequestsException" | "TooManyFailedAttemptsException" => {
            Error::TooManyTries { wait: None }
        }
        "CodeDeliveryFailureException" => Error::CodeNotDelivered,
        "SoftwareTokenMFANotFoundException" if during == During::Change => Error::InTheWay(message()),
        "SoftwareTokenMFANotFoundException" | "MFAMethodNotFoundException" => Error::UnsupportedChallenge(message()),
        "UserLambdaValidationException" => Error::Refused(lambda_text(&fault.message)),
        "InvalidParameterException" => invalid_parameter(fault, during),
        "ResourceNotFoundException"
        | "InvalidUserPoolConfigurationException"
        | "InvalidSmsRoleAccessPolicyException"
        | "InvalidSmsRoleTrustRelationshipException"
        | "InvalidEmailRoleAccessPolicyException"
        | "OperationNotEnabledException"
        | "FeatureUnavailableInTierException" => Error::Misconfigured(message()),
        "RefreshTokenReuseException" => Error::SignInExpired,
        "AliasExistsException" if during == During::Change => Error::InTheWay(message()),
        "UsernameExistsException"
        | "AliasExistsException"
        | "UnsupportedOperationException"
        | "UnauthorizedException"
        | "UnsupportedTokenTypeException"
        | "ForbiddenException" => Error::Refused(message()),
        // InternalError, UnexpectedLambda, InvalidLambdaResponse, ConcurrentModification, and what is not known yet.
        kind => Error::ServiceFault(format!("{kind}: {}", fault.message).into()),
    }
}

fn not_authorized(fault: &Fault, during: During) -> Error {
    let text = fault.message.to_lowercase();
    let says = |words: &str| text.contains(words);
    if says("within 10 minutes") {
        Error::NotFresh
    } else if says("attempts exceeded") || says("too many") {
        Error::TooManyTries { wait: None }
    } else if says("disabled") {
        Error::AccountDisabled
    } else if says("secret hash") {
        Error::Misconfigured(fault.message.clone())
    } else if says("clock") {
        let off = text.split(|c: char| !c.is_ascii_digit()).find_map(|number| number.parse().ok());
        Error::ClockWrong { ahead_seconds: off.unwrap_or_default() }
    } else if says("session") || says("token") {
        Error::SignInExpired
    } else {
        not_right(during)
    }
}

/// Refused without a reason that can be told.
fn not_right(during: During) -> Error {
    match during {
        During::Password | During::PasswordChange => Error::WrongPassword,
        During::MailedCode => Error::WrongMailedCode,
        During::RecoveryCode => Error::WrongRecoveryCode,
        During::Code | During::NewPassword | During::Renewal | During::Change => Error::SignInExpired,
    }
}

fn wrong_code(during: During) -> Error {
    match during {
        During::MailedCode => Error::WrongMailedCode,
        During::RecoveryCode => Error::WrongRecoveryCode,
        During::Password
        | During::Code
        | During::NewPassword
        | During::Renewal
        | During::Change
        | During::PasswordChange => Error::WrongCode,
    }
}

fn invalid_parameter(fault: &Fault, during: During) -> Error {
    if fault.message.contains("not enabled") {
        Error::Misconfigured(fault.message.clone())
    } else if during == During::Password {
        // An e-mail or a password that cannot be anybody's, such as one with blanks inside.
        Error::WrongPassword
    } else if matches!(during, During::Change | During::PasswordChange) {
        let said = fault.message.strip_prefix("1 validation error detected: ").unwrap_or(&fault.message);
        Error::Unusable(said.to_owned())
    } else {
        Error::Refused(fault.message.clone())
    }
}

/// `PreAuthentication failed with error ||text.` is about `text` (reference §1.9).
fn lambda_text(message: &str) -> String {
    let text = message.rsplit("||").next().unwrap_or(message);
    let text = text.rsplit("failed with error ").next().unwrap_or(text);
    text.trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::bench::fault;
    use super::*;
    use crate::base::Secret;

    fn named(during: During, kind: &str, message: &str) -> String {
        let error = read::<serde_json::Value>(fault(kind, message), during).unwrap_err();
        let debug = format!("{error:?}");
        debug.split([' ', '(']).next().unwrap().to_owned()
    }

    #[test]
    fn a_change_that_is_refused_is_told_in_the_services_words() {
        let stale = "Sign in again with your second factor, then change your phone number within 10 minutes.";
        for (kind, message, expected) in [
            ("NotAuthorizedException", stale, "NotFresh"),
            ("NotAuthorizedException", "Access Token has been revoked", "SignInExpired"),
            ("InvalidParameterException", "1 validation error detected: No such number.", "Unusable"),
            ("AliasExistsException", "An account with the email already exists.", "InTheWay"),
            ("SoftwareTokenMFANotFoundException", "Ask for a new QR code.", "InTheWay"),
            ("EnableSoftwareTokenMFAException", "Code mismatch", "WrongCode"),
        ] {
            assert_eq!(named(During::Change, kind, message), expected, "{kind} {message}");
        }
    }

    #[test]
    fn what_not_authorized_means_is_told_by_its_text() {
        use During::{Code, MailedCode, Password, RecoveryCode, Renewal};
        for (during, message, meaning) in [
            (Password, "Incorrect username or password.", "WrongPassword"),
            (Password, "Password attempts exceeded", "TooManyTries"),
            (Password, "User is disabled.", "AccountDisabled"),
            (Password, "Unable to verify secret hash for client client1", "Misconfigured"),
            (Password, "A text nobody has seen before", "WrongPassword"),
            (Password, "TIMESTAMP is 3600 s from the service's clock; at most 300 s are allowed.", "ClockWrong"),
            (Code, "Invalid session for the user.", "SignInExpired"),
            (Code, "Invalid session for the user, session is expired.", "SignInExpired"),
            (Code, "Password attempts exceeded", "TooManyTries"),
            (Code, "A text nobody has seen before", "SignInExpired"),
            (MailedCode, "Incorrect username or password.", "WrongMailedCode"),
            (RecoveryCode, "Incorrect username or password.", "WrongRecoveryCode"),
            (RecoveryCode, "Invalid session for the user.", "SignInExpired"),
            (Renewal, "Refresh Token has been revoked", "SignInExpired"),
            (Renewal, "Refresh Token has expired", "SignInExpired"),
            (Renewal, "Access Token has been revoked", "SignInExpired"),
            (Renewal, "A text nobody has seen before", "SignInExpired"),
        ] {
            assert_eq!(named(during, "NotAuthorizedException", message), meaning, "{during:?} {message}");
        }
    }

    #[test]
    fn an_apps_code_that_was_used_before_is_told_from_a_wrong_one_and_from_one_that_was_sent() {
        let used = "Your software token has already been used once. Wait for the next code.";
        assert_eq!(named(During::Code, "CodeMismatchException", used), "CodeUsed");
        assert_eq!(named(During::Code, "ExpiredCodeException", used), "CodeUsed");
    }

    #[test]
    fn every_error_of_the_catalogue_has_a_meaning() {
        use During::{Code, MailedCode, NewPassword, Password, RecoveryCode};
        for (during, kind, meaning) in [
            (Password, "UserNotFoundException", "WrongPassword"),
            (Password, "com.amazonaws.cognito#UserNotConfirmedException", "NotConfirmed"),
            (Password, "PasswordResetRequiredException", "PasswordResetRequired"),
            (Password, "InvalidPasswordException", "WrongPassword"),
            (NewPassword, "InvalidPasswordException", "PasswordPolicy"),
            (NewPassword, "PasswordHistoryPolicyViolationException", "PasswordPolicy"),
            (Code, "CodeMismatchException", "WrongCode"),
            (MailedCode, "CodeMismatchException", "WrongMailedCode"),
            (RecoveryCode, "CodeMismatchException", "WrongRecoveryCode"),
            (Code, "EnableSoftwareTokenMFAException", "WrongCode"),
            (Code, "ExpiredCodeException", "CodeExpired"),
            (Code, "SoftwareTokenMFANotFoundException", "UnsupportedChallenge"),
            (Code, "MFAMethodNotFoundException", "UnsupportedChallenge"),
            (Code, "CodeDeliveryFailureException", "CodeNotDelivered"),
            (Code, "LimitExceededException", "TooManyTries"),
            (Code, "TooManyRequestsException", "TooManyTries"),
            (Code, "TooManyFailedAttemptsException", "TooManyTries"),
            (Password, "InvalidParameterException", "WrongPassword"),
            (Code, "InvalidParameterException", "Refused"),
            (Password, "ResourceNotFoundException", "Misconfigured"),
            (Password, "InvalidUserPoolConfigurationException", "Misconfigured"),
            (Password, "InvalidSmsRoleAccessPolicyException", "Misconfigured"),
            (Password, "InvalidSmsRoleTrustRelationshipException", "Misconfigured"),
            (Password, "InvalidEmailRoleAccessPolicyException", "Misconfigured"),
            (Password, "OperationNotEnabledException", "Misconfigured"),
            (Password, "FeatureUnavailableInTierException", "Misconfigured"),
            (Password, "UserLambdaValidationException", "Refused"),
            (Password, "UsernameExistsException", "Refused"),
            (Password, "AliasExistsException", "Refused"),
            (Password, "ForbiddenException", "Refused"),
            (Password, "UnauthorizedException", "Refused"),
            (Password, "UnsupportedOperationException", "Refused"),
            (Password, "UnsupportedTokenTypeException", "Refused"),
            (Password, "RefreshTokenReuseException", "SignInExpired"),
            (Code, "UnexpectedLambdaException", "ServiceFault"),
            (Code, "InvalidLambdaResponseException", "ServiceFault"),
            (Code, "ConcurrentModificationException", "ServiceFault"),
            (Code, "InternalErrorException", "ServiceFault"),
            (Password, "SomethingNewException", "ServiceFault"),
        ] {
            assert_eq!(named(during, kind, "some text"), meaning, "{during:?} {kind}");
        }
    }

    #[test]
    fn a_flow_that_is_switched_off_is_a_wrong_setting_and_not_a_wrong_password() {
        let off = "USER_PASSWORD_AUTH flow not enabled for this client";
        assert_eq!(named(During::Password, "InvalidParameterException", off), "Misconfigured");
    }

    #[test]
    fn the_text_of_a_trigger_is_told_without_its_frame() {
        for text in [
            "PreSignUp failed with error ||Come back on Monday.",
            "PreAuthentication failed with error Come back on Monday.",
            "Come back on Monday",
        ] {
            assert_eq!(lambda_text(text), "Come back on Monday");
        }
    }

    #[test]
    fn the_wait_that_a_service_announces_is_told() {
        let body = br#"{"__type":"TooManyRequestsException","message":"Rate exceeded"}"#.to_vec();
        let reply = Reply {
            status: 400,
            retry_after: Some(Duration::from_secs(40)),
            error_type: None,
            body: Secret::new(body),
        };
        let error = read::<serde_json::Value>(Ok(reply), During::Password).unwrap_err();
        assert!(error.to_string().contains("40 seconds"), "{error}");
    }

    #[test]
    fn a_reply_that_cannot_be_read_does_not_repeat_what_it_held() {
        let body = br#"{"AuthenticationResult":"hunter2"}"#.to_vec();
        let reply = Reply { status: 200, retry_after: None, error_type: None, body: Secret::new(body) };
        let error = read::<crate::protocol::cognito::AuthReply>(Ok(reply), During::Password).unwrap_err();
        assert!(matches!(error, Error::ServiceFault(_)));
        assert!(!crate::base::report::chain(&error).contains("hunter2"));
    }
}
