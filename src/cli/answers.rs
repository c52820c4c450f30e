//! One question per thing that a sign-in may ask for, and what the typed words mean.

use std::time::Duration;

use super::error::Error;
use super::person::Person;
use super::qr;
use crate::account::{Answer, Ask, Attempt, Channel};
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::code::Code;
use crate::protocol::graphql::ListedKey;
use crate::protocol::recovery_code::RecoveryCode;

/// What the person wants.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Answer),
    /// "I cannot reach my second factor."
    Recover,
}

/// Asks until the words can be understood; a script gets one try.
pub(super) async fn answer(attempt: &Attempt, person: Person, now: Duration) -> Result<Reply, Error> {
    introduce(&attempt.ask(), person);
    loop {
        match understand(attempt, person, now).await {
            Ok(reply) => return Ok(reply),
            Err(error) if person.may_try_again() && is_mistyped(&error) => person.tell(&error.to_string()),
            Err(error) => return Err(error),
        }
    }
}

/// What the person must read before the question makes sense.
fn introduce(ask: &Ask, person: Person) {
    match ask {
        Ask::SmsCode { sent_to } | Ask::EmailCode { sent_to } => person.tell(&format!("A code was sent to {sent_to}.")),
        Ask::MailedCode => {
            person.tell("A code was sent to your e-mail address. Have your recovery code ready as well.")
        }
        Ask::EnrolAuthenticator { secret, uri } => {
            person
                .tell("This account needs an authenticator app. Scan this with the app, then type the code it shows.");
            person.tell(&qr::for_terminal(uri));
            person.tell(&format!("Or type this secret into the app: {secret}"));
        }
        Ask::MakeRoomForKey(keys) => {
            person.tell("This account holds as many access keys as it may:");
            for (number, key) in keys.iter().enumerate() {
                person.tell(&format!("  {}) {}", number + 1, describe(key)));
            }
            person.tell("Give the number of the key to replace (programs that use it stop working), or 'existing' to use a key that you have.");
        }
        Ask::NewPassword { .. } => person.tell("The service asks for a new password."),
        Ask::AuthenticatorCode | Ask::ChooseFactor(_) | Ask::RecoveryCode => {}
    }
}

fn describe(key: &ListedKey) -> String {
    let used = key.last_used.as_deref().map_or("never used".to_owned(), |when| format!("last used {when}"));
    let state = if key.enabled { "" } else { ", disabled" };
    format!("{}, made {}, {used}{state}", key.key, key.created)
}

async fn understand(attempt: &Attempt, person: Person, now: Duration) -> Result<Reply, Error> {
    let ends = [attempt.expires_in(now), attempt.code_expires_in(now)];
    let left =
        ends.into_iter().flatten().min().map_or_else(String::new, |left| format!(" ({} s left)", left.as_secs()));
    let recover = if attempt.can_recover() { ", or 'recover'" } else { "" };
    match attempt.ask() {
        Ask::AuthenticatorCode => {
            code(person, &format!("Code from your authenticator app{recover}{left}"), attempt).await
        }
        Ask::SmsCode { .. } => code(person, &format!("Code from the text message{recover}{left}"), attempt).await,
        Ask::EmailCode { .. } => code(person, &format!("Code from the e-mail{recover}{left}"), attempt).await,
        Ask::EnrolAuthenticator { .. } => code(person, &format!("Code from the app{left}"), attempt).await,
        Ask::ChooseFactor(channels) => factor(person, &channels).await,
        Ask::NewPassword { required_attributes } => new_password(person, required_attributes).await,
        Ask::MailedCode => {
            let code = person.ask("The mailed code", &format!("Code from the e-mail{left}")).await?;
            Ok(Reply::Answer(Answer::MailedCode(code)))
        }
        Ask::RecoveryCode => {
            let text = person.ask("The recovery code", "Recovery code").await?;
            Ok(Reply::Answer(Answer::RecoveryCode(RecoveryCode::parse(text.expose())?)))
        }
        Ask::MakeRoomForKey(keys) => make_room(person, &keys).await,
    }
}

async fn code(person: Person, prompt: &str, attempt: &Attempt) -> Result<Reply, Error> {
    let text = person.ask("The code", prompt).await?;
    let text = text.expose();
    if attempt.can_recover() && text.eq_ignore_ascii_case("recover") {
        return Ok(Reply::Recover);
    }
    if attempt.can_recover() && text.is_empty() {
        let hint = "Type the six digits; if you cannot reach your second factor any more, type 'recover'.";
        return Err(Error::NotAChoice(hint.to_owned()));
    }
    Ok(Reply::Answer(Answer::Code(text.parse::<Code>()?)))
}

async fn factor(person: Person, channels: &[Channel]) -> Result<Reply, Error> {
    let names = |channel: &Channel| match channel {
        Channel::Authenticator => ("app", "authenticator app"),
        Channel::Sms => ("sms", "text message"),
        Channel::Email => ("email", "e-mail"),
    };
    let choices: Vec<String> = channels.iter().map(names).map(|(word, long)| format!("'{word}' ({long})")).collect();
    let prompt = format!("Second factor: {}", choices.join(" or "));
    let text = person.ask("The choice of a second factor", &prompt).await?.expose().to_lowercase();
    match channels.iter().find(|channel| names(channel).0 == text) {
        Some(&channel) => Ok(Reply::Answer(Answer::Factor(channel))),
        None => Err(Error::NotAChoice(format!("'{text}' is not one of {}.", choices.join(", ")))),
    }
}

async fn new_password(person: Person, required_attributes: Vec<String>) -> Result<Reply, Error> {
    let password = person.ask_secret("The new password", "New password").await?;
    if person.may_try_again() {
        let again = person.ask_secret("The new password", "New password again").await?;
        if !again.matches(password.expose().as_bytes()) {
            return Err(Error::NotAChoice("The two passwords differ; type the new one twice.".to_owned()));
        }
    }
    let mut attributes = Vec::new();
    for name in required_attributes {
        let value = person.ask(&format!("The attribute '{name}'"), &name).await?;
        attributes.push((name, value.expose().clone()));
    }
    Ok(Reply::Answer(Answer::NewPassword { password, attributes }))
}

/// The number or the id of a key that is listed, or an existing key.
async fn make_room(person: Person, keys: &[ListedKey]) -> Result<Reply, Error> {
    let text = person.ask("The key to replace", "Number, or 'existing'").await?;
    let text = text.expose();
    if text.eq_ignore_ascii_case("existing") {
        let id = person.ask("The key id", "Key id").await?;
        let secret = person.ask_secret("The secret of the key", "Secret").await?;
        return Ok(Reply::Answer(Answer::UseKey(AccessKey::parse(id.expose(), secret.expose())?)));
    }
    let by_number = text.parse::<usize>().ok().and_then(|number| keys.get(number.checked_sub(1)?));
    match by_number.or_else(|| keys.iter().find(|key| key.key == *text)) {
        Some(key) => Ok(Reply::Answer(Answer::ReplaceKey(KeyId::parse(&key.key)?))),
        None => Err(Error::NotAChoice(format!("'{text}' is neither the number of a listed key nor 'existing'."))),
    }
}

fn is_mistyped(error: &Error) -> bool {
    matches!(error, Error::Code(_) | Error::RecoveryCode(_) | Error::AccessKey(_) | Error::NotAChoice(_))
}
