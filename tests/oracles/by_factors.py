"""pycognito and boto3 turn second factors on, change them and turn them off; oathtool and pyotp are the authenticator apps.

Codes are used once, and nobody waits here: a set-up takes this step's code, the sign-in after it the next one's."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pyotp
from pycognito import Cognito
from pycognito.exceptions import SoftwareTokenMFAChallengeException

from aws import answer, begin, client, message_of, name_of, refusal
from harness import accounts, check, finish, sent_code, service, skip, wrong_totp

FRESH = "Sign in again with your second factor"


def oathtool(secret, off=0):
    """What an app shows now, or OFF steps later."""
    at = int(time.time()) + 30 * off
    return subprocess.run(["oathtool", "--totp", "--base32", f"--now=@{at}", "-"], input=secret,
                          check=True, capture_output=True, text=True).stdout.strip()


def auth_api(token, path, body=None):
    """The vendor's HTTP side of it: status and JSON. A POST when there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{service['auth_api']}/{path}", data, headers={
        "Authorization": f"Bearer {token}", "Content-Type": "application/json", "developerKey": "any"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def set_up(token):
    """A new secret whose first code was seen."""
    secret = client.associate_software_token(AccessToken=token)["SecretCode"]
    verified = client.verify_software_token(AccessToken=token, UserCode=oathtool(secret), FriendlyDeviceName="phone")
    check(verified["Status"] == "SUCCESS", "oathtool's code proves a new secret", verified)
    return secret


def sign_in(account, secret, off=1):
    """With the code of a later step than the set-up's; the access token."""
    challenge = begin(account)
    check(challenge.get("ChallengeName") == "SOFTWARE_TOKEN_MFA", "the app is asked for", challenge.get("ChallengeName"))
    code = pyotp.TOTP(secret).at(int(time.time()) + 30 * off)
    return answer(challenge, account, SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]["AccessToken"]


def needs_fresh_proof(token):
    off = dict(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": False})
    for error in (refusal(client.set_user_mfa_preference, **off),
                  refusal(client.associate_software_token, AccessToken=token)):
        check(name_of(error) == "NotAuthorizedException" and message_of(error).startswith(FRESH),
              "a sign-in without the factor changes nothing", message_of(error))
    status, body = auth_api(token, "mfaPref", {"MfaPref": "NO_MFA"})
    check((status, body["message"][:len(FRESH)]) == (403, FRESH), "neither does it by the auth API", (status, body))


def as_boto3_does():
    account = accounts["plain_boto3"]
    by_password = begin(account)["AuthenticationResult"]["AccessToken"]
    early = refusal(client.set_user_mfa_preference, AccessToken=by_password,
                    SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    check(name_of(early) == "InvalidParameterException", "no app is turned on without a code", name_of(early))
    early = refusal(client.verify_software_token, AccessToken=by_password, UserCode="123456")
    check(name_of(early) == "SoftwareTokenMFANotFoundException", "nothing to verify is said so", name_of(early))
    first = client.associate_software_token(AccessToken=by_password)["SecretCode"]
    wrong = refusal(client.verify_software_token, AccessToken=by_password, UserCode=wrong_totp({"totp_secret": first}))
    check(name_of(wrong) == "EnableSoftwareTokenMFAException", "a wrong first code is typed", name_of(wrong))
    secret = set_up(by_password)
    check("AuthenticationResult" in begin(account), "a secret that was only proved is not asked for")
    client.set_user_mfa_preference(AccessToken=by_password, SoftwareTokenMfaSettings={"Enabled": True})
    used = refusal(answer, begin(account), account, SOFTWARE_TOKEN_MFA_CODE=oathtool(secret))
    check(name_of(used) == "CodeMismatchException", "the code that proved it does not sign in", name_of(used))
    needs_fresh_proof(by_password)
    token = sign_in(account, secret)
    user = client.get_user(AccessToken=token)
    check((user["PreferredMfaSetting"], user["UserMFASettingList"]) == ("SOFTWARE_TOKEN_MFA", ["SOFTWARE_TOKEN_MFA"]),
          "GetUser names the factor", user)
    regenerates(token)
    reconfigures(account, token)


def regenerates(token):
    """The operation of Cognito has no place for recovery codes; they are made next."""
    status, left = auth_api(token, "recoveryCodes")
    check((status, left["recoveryCodesLeft"]) == (200, 0), "no recovery codes were made", (status, left))
    status, made = auth_api(token, "recoveryCodes", {})
    check(status == 200 and len(set(made["recoveryCodes"])) == 10 and len(made["backupCode"]) == 36,
          "ten short recovery codes and a long one are made", status)
    left = auth_api(token, "recoveryCodes")[1]
    check((left["recoveryCodesLeft"], left["backupCodeLeft"]) == (10, True), "and counted", left)


def reconfigures(account, token):
    """The new secret replaces the old one when its code is seen."""
    secret = set_up(token)
    check(begin(account)["ChallengeName"] == "SOFTWARE_TOKEN_MFA", "a new secret leaves no moment without a factor")
    needs_fresh_proof(token)
    token = sign_in(account, secret)
    client.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": False})
    check("AuthenticationResult" in begin(account), "turned off, the password is enough")
    check(auth_api(token, "recoveryCodes")[1]["recoveryCodesLeft"] == 0, "and recovery codes are void")


def as_pycognito_does():
    account = accounts["plain_pycognito"]
    kwargs = {"endpoint_url": service["cognito_endpoint"].rstrip("/"),
              "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    person = Cognito(service["user_pool_id"], service["client_id"], service["region"], username=account["email"],
                     boto3_client_kwargs=kwargs)
    person.authenticate(account["password"])
    secret = person.associate_software_token()
    check(person.verify_software_token(oathtool(secret), "phone"), "pycognito verifies a new secret")
    person.set_user_mfa_preference(False, True, "SOFTWARE_TOKEN")
    try:
        person.authenticate(account["password"])
        check(False, "pycognito is asked for the app", "signed in without it")
    except SoftwareTokenMFAChallengeException:
        person.respond_to_software_token_mfa_challenge(oathtool(secret, 1))
    person.set_user_mfa_preference(False, False)
    person.authenticate(account["password"])
    check(person.access_token, "and after it is off, no more")


def as_remote_its_panel_does():
    """mfaPref turns factors on, one at a time, and hands out the recovery code."""
    account = accounts["sms_panel"]
    challenge = begin(account)
    tokens = answer(challenge, account, SMS_MFA_CODE=sent_code(account["phone"]))["AuthenticationResult"]
    token = tokens["AccessToken"]
    check(auth_api(token, "mfaPref")[1]["MfaPref"] == "SMS_MFA", "mfaPref says what is on")
    refused = auth_api(token, "mfaPref", {"MfaPref": "EMAIL_OTP"})
    check(refused[0] == 400, "a factor that does not exist is refused", refused)
    secret = set_up(token)
    status, changed = auth_api(token, "mfaPref", {"MfaPref": "SOFTWARE_TOKEN_MFA"})
    check((status, changed["MfaPref"]) == (200, "SOFTWARE_TOKEN_MFA"), "one factor changes into the other", changed)
    check(changed["backupCode"] != account["recovery_code"], "with a new recovery code")
    token = sign_in(account, secret)
    check(auth_api(token, "mfaPref", {"MfaPref": "NO_MFA"}) == (200, {"MfaPref": "NO_MFA"}), "and off")
    check("AuthenticationResult" in begin(account), "the password is enough then")


def turns_texts_on():
    """Number, code, preference: as the vendor's panel does it, by boto3's operations."""
    account = accounts["plain_sms"]
    number = f"+1206555{int(time.time()) % 10_000:04}"
    token = begin(account)["AuthenticationResult"]["AccessToken"]
    early = refusal(client.set_user_mfa_preference, AccessToken=token, SMSMfaSettings={"Enabled": True})
    check(name_of(early) == "InvalidParameterException", "no texts to a number that was not verified", name_of(early))
    client.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "phone_number", "Value": number}])
    client.verify_user_attribute(AccessToken=token, AttributeName="phone_number", Code=sent_code(number))
    client.set_user_mfa_preference(AccessToken=token, SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    challenge = begin(account)
    check(challenge.get("ChallengeName") == "SMS_MFA", "then a text is asked for", challenge.get("ChallengeName"))
    changed = refusal(client.update_user_attributes, AccessToken=token,
                      UserAttributes=[{"Name": "phone_number", "Value": "+12065550199"}])
    check(name_of(changed) == "NotAuthorizedException" and message_of(changed).startswith(FRESH),
          "the number is changed by nobody who did not pass it", message_of(changed))
    fresh = answer(challenge, account, SMS_MFA_CODE=sent_code(number))["AuthenticationResult"]["AccessToken"]
    client.set_user_mfa_preference(AccessToken=fresh, SMSMfaSettings={"Enabled": False})
    check("AuthenticationResult" in begin(account), "turned off, the password is enough")


def asks_for_another_text():
    account = accounts["sms_resend"]
    challenge = begin(account)
    first = sent_code(account["phone"])
    again = answer(challenge, account, RESEND="true")
    check((again["ChallengeName"], again["Session"]) == ("SMS_MFA", challenge["Session"]), "a text is sent again", again)
    check(again["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"].endswith(account["phone"][-4:]), "masked")
    check(sent_code(account["phone"]) == first, "with the same code while it counts")
    tries = [refusal(answer, challenge, account, RESEND="true") for _ in range(5)]
    limited = next((error for error in tries if error), None)
    check(name_of(limited) == "LimitExceededException", "not without end", name_of(limited))
    wait = limited.response["ResponseMetadata"]["HTTPHeaders"].get("retry-after", "")
    check(wait.isdigit() and int(wait) > 0, "and says how long to wait", wait)
    check("AuthenticationResult" in answer(challenge, account, SMS_MFA_CODE=first), "the code still signs in")


if not shutil.which("oathtool"):
    skip("oathtool is not installed (package oathtool)")
as_boto3_does()
as_pycognito_does()
as_remote_its_panel_does()
turns_texts_on()
asks_for_another_text()
finish()
