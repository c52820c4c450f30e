"""pycognito: a person registers, confirms, forgets and changes the password, tells more, verifies a number and leaves."""

import secrets

from botocore.exceptions import ClientError
from pycognito import Cognito

from harness import check, finish, sent_code, sent_to, service, wrong_code

EMAIL = f"pycognito.new+{secrets.token_hex(4)}@example.test"
PHONE = f"+1206555{secrets.randbelow(10_000):04}"
FIRST, SECOND, THIRD = "erster-zebra-1", "zweiter-yak-2ü", "dritter-wal-3🦀"


def client():
    return Cognito(service["user_pool_id"], service["client_id"], service["region"], username=EMAIL,
                   boto3_client_kwargs={"endpoint_url": service["cognito_endpoint"].rstrip("/"),
                                        "aws_access_key_id": "none", "aws_secret_access_key": "none"})


def error_of(action, *arguments, **named):
    try:
        action(*arguments, **named)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "no error"


def refused(name, when, action, *arguments, **named):
    seen = error_of(action, *arguments, **named)
    check(seen == name, f"{when}: {name}", seen)


def registers():
    person = client()
    person.set_base_attributes(email=EMAIL, name="Änn")
    person.add_custom_attributes(brand="remoteit")
    refused("InvalidPasswordException", "a weak password", person.register, EMAIL, "password")
    done = person.register(EMAIL, FIRST)
    check(done["UserConfirmed"] is False and done["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL",
          "registering mails a code", done)
    refused("UserNotConfirmedException", "a sign-in by SRP before the confirmation", client().authenticate, FIRST)
    refused("NotAuthorizedException", "the same with a wrong password", client().authenticate, SECOND)
    person.resend_confirmation_code(EMAIL)
    code = sent_code(EMAIL)
    refused("CodeMismatchException", "a wrong code", person.confirm_sign_up, wrong_code(code))
    person.confirm_sign_up(code)


def signed_in(password):
    person = client()
    person.authenticate(password)
    person.verify_tokens()
    return person


def forgets():
    before = signed_in(FIRST)
    person = client()
    person.initiate_forgot_password()
    code = sent_code(EMAIL)
    refused("CodeMismatchException", "a wrong reset code", person.confirm_forgot_password, wrong_code(code), SECOND)
    person.confirm_forgot_password(code, SECOND)
    refused("NotAuthorizedException", "a refresh from before the reset", before.renew_access_token)
    refused("NotAuthorizedException", "the forgotten password", client().authenticate, FIRST)


def changes():
    person, other = signed_in(SECOND), signed_in(SECOND)
    refused("NotAuthorizedException", "a wrong old password", person.change_password, FIRST, THIRD)
    person.change_password(SECOND, THIRD)
    check(error_of(person.renew_access_token) == "no error", "the sign-in that changed the password goes on")
    refused("NotAuthorizedException", "another sign-in after the change", other.renew_access_token)


def tells_more(person):
    person.update_profile({"given_name": "Änn", "phone_number": PHONE})
    user = person.get_user()
    check(user.given_name == "Änn" and user.name == "Änn", "what was told is kept", user._data)
    check(user.phone_number == PHONE and user.phone_number_verified is False, "a new number is not verified", user._data)
    code = sent_code(PHONE)
    refused("CodeMismatchException", "a wrong code", person.validate_verification, wrong_code(code), "phone_number")
    person.send_verification("phone_number")
    check(sent_code(PHONE) == code, "sent again, the code is the same")
    person.validate_verification(code, "phone_number")
    check(person.get_user().phone_number_verified is True, "a right code verifies it")
    check(sent_to(EMAIL)[-1].startswith("The phone number"), "the owner is told by mail")


def leaves(person):
    person.delete_user()
    refused("NotAuthorizedException", "a sign-in to a deleted account", client().authenticate, THIRD)


registers()
forgets()
changes()
person = signed_in(THIRD)
tells_more(person)
leaves(person)
finish()
