"""pycognito: SRP by e-mail, token verification, both second factors, refresh, sign-out, and what is refused."""

from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.exceptions import SMSMFAChallengeException, SoftwareTokenMFAChallengeException

from harness import accounts, check, finish, sent_code, service, totp_codes, wrong_code, wrong_totp


def client(account, **tokens):
    return Cognito(service["user_pool_id"], service["client_id"], service["region"], username=account["email"],
                   boto3_client_kwargs={"endpoint_url": service["cognito_endpoint"].rstrip("/"),
                                        "aws_access_key_id": "none", "aws_secret_access_key": "none"}, **tokens)


def error_of(action, *arguments, **named):
    """Name and message of the error that an action ends in."""
    try:
        action(*arguments, **named)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "no error", ""


def signs_in(kind):
    account = accounts[kind]
    person = client(account)
    person.authenticate(account["password"])
    person.verify_tokens()
    check(person.id_claims["email"] == account["email"], f"the id token of {kind} carries the e-mail", person.id_claims)
    check(person.id_claims["sub"] == person.access_claims["sub"], f"both tokens of {kind} mean one person")
    return person


def second_factor(kind, asked, answer, right, wrong):
    """ASKED is the exception by which pycognito tells the factor; ANSWER its method that takes the code."""
    account = accounts[kind]
    person = client(account)
    try:
        person.authenticate(account["password"])
        check(False, f"{kind} is asked for a second factor", "signed in without one")
    except asked as challenge:
        tokens = challenge.get_tokens()
    code = right(account)
    refused = error_of(getattr(person, answer), wrong(account, code), mfa_tokens=tokens)
    check(refused[0] == "CodeMismatchException", f"a wrong code of {kind} is refused", refused)
    getattr(person, answer)(code, mfa_tokens=tokens)
    person.verify_tokens()
    check(person.access_token, f"the right code of {kind} signs in after a wrong one")
    again = error_of(getattr(person, answer), code, mfa_tokens=tokens)
    check(again[0] == "NotAuthorizedException", f"the spent session of {kind} is refused", again)
    return person


def refreshes(person):
    before = person.access_token
    person.renew_access_token()
    person.verify_tokens()
    check(person.access_token != before, "a refresh gives a new access token")
    check(person.get_user().email == person.id_claims["email"], "the new access token reads the user")


def signs_out_everywhere(person):
    refresh_token = person.refresh_token
    access_token = person.access_token
    person.logout()
    person.refresh_token = refresh_token
    refused = error_of(person.renew_access_token)
    check(refused[0] == "NotAuthorizedException", "after a global sign-out the refresh token is refused", refused)
    person.access_token = access_token
    refused = error_of(person.get_user)
    check(refused[0] == "NotAuthorizedException", "after a global sign-out the access token is refused", refused)


def revokes_one(kept, dropped):
    revoke = dict(Token=dropped.refresh_token, ClientId=service["client_id"])
    dropped.client.revoke_token(**revoke)
    refused = error_of(dropped.renew_access_token)
    check(refused[0] == "NotAuthorizedException", "a revoked refresh token is refused", refused)
    check(error_of(kept.renew_access_token)[0] == "no error", "another sign-in of the same person lives on")
    check(dropped.client.revoke_token(**revoke)["ResponseMetadata"]["HTTPStatusCode"] == 200, "revoking twice is fine")


def refuses():
    account = accounts["refused"]
    wrong = error_of(client(account).authenticate, account["password"] + "x")
    check(wrong[0] == "NotAuthorizedException", "a wrong password is refused", wrong)
    unknown = error_of(client({"email": "nobody@example.test"}).authenticate, account["password"])
    check(unknown == wrong, "an unknown user meets the same error as a wrong password", (unknown, wrong))
    shouted = client({"email": account["email"].upper()})
    shouted.authenticate(account["password"])
    check(shouted.access_token, "capitals in the e-mail do not matter")


person = signs_in("ascii")
refreshes(person)
signs_out_everywhere(person)
revokes_one(signs_in("utf8"), signs_in("utf8"))
second_factor("totp", SoftwareTokenMFAChallengeException, "respond_to_software_token_mfa_challenge",
              lambda account: totp_codes(account)[0], lambda account, _: wrong_totp(account))
second_factor("sms", SMSMFAChallengeException, "respond_to_sms_mfa_challenge",
              lambda account: sent_code(account["phone"]), lambda _, code: wrong_code(code))
refuses()
finish()
