"""boto3, Amazon's own client: every operation and every error arrives as the type that Amazon's service model knows."""

from aws import answer, begin, client, is_typed, message_of, name_of, refusal
from harness import accounts, check, finish, sent_code, service, totp_codes, wrong_code, wrong_totp

CLIENT = service["client_id"]


def tokens_are_typed(reply, refresh_token):
    tokens = reply["AuthenticationResult"]
    types = {"AccessToken": str, "IdToken": str, "TokenType": str, "ExpiresIn": int}
    check({name: type(tokens.get(name)) for name in types} == types, "tokens are typed", tokens.keys())
    check(("RefreshToken" in tokens) == refresh_token, f"a refresh token is there: {refresh_token}")
    check(reply["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1",
          "answers have Amazon's content type", reply["ResponseMetadata"]["HTTPHeaders"])
    return tokens


def initiate(flow, client_id=CLIENT, **parameters):
    return client.initiate_auth(ClientId=client_id, AuthFlow=flow, AuthParameters=parameters)


def refresh(token):
    return initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)


def password_and_sign_out():
    account = accounts["utf8"]
    tokens = tokens_are_typed(begin(account), refresh_token=True)
    user = client.get_user(AccessToken=tokens["AccessToken"])
    attributes = {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}
    check(attributes.get("email") == account["email"] and attributes.get("email_verified") == "true",
          "GetUser gives the verified e-mail", attributes)
    check(user["Username"] == attributes["sub"], "the user name is the stable id", user["Username"])
    renewed = tokens_are_typed(refresh(tokens["RefreshToken"]), refresh_token=False)
    client.revoke_token(Token=tokens["RefreshToken"], ClientId=CLIENT)
    is_typed(refusal(refresh, tokens["RefreshToken"]), "NotAuthorizedException", "a revoked refresh token")
    is_typed(refusal(client.get_user, AccessToken=renewed["AccessToken"]), "NotAuthorizedException",
             "an access token of a revoked sign-in")
    again = begin(account)["AuthenticationResult"]
    client.global_sign_out(AccessToken=again["AccessToken"])
    is_typed(refusal(refresh, again["RefreshToken"]), "NotAuthorizedException", "a refresh after a global sign-out")
    is_typed(refusal(client.global_sign_out, AccessToken=again["AccessToken"]), "NotAuthorizedException",
             "a second global sign-out with the same token")


def second_factor(kind, factor, right, wrong):
    account = accounts[kind]
    challenge = begin(account)
    check(challenge.get("ChallengeName") == factor, f"{kind} is asked for {factor}", challenge.get("ChallengeName"))
    parameters = challenge["ChallengeParameters"].values()
    check(all(isinstance(value, str) for value in parameters), f"{kind}: the parameters are text", parameters)
    check(20 <= len(challenge["Session"]) <= 4096, f"{kind}: the session has a length that clients accept")
    code = right()

    def send(text, **named):
        return answer({**challenge, **named}, account, **{f"{factor}_CODE": text})

    is_typed(refusal(send, wrong(code)), "CodeMismatchException", f"a wrong code of {kind}")
    foreign = "SMS_MFA" if factor == "SOFTWARE_TOKEN_MFA" else "SOFTWARE_TOKEN_MFA"
    is_typed(refusal(answer, {**challenge, "ChallengeName": foreign}, account, **{f"{foreign}_CODE": code}),
             "NotAuthorizedException", f"the session of {kind} for another factor")
    is_typed(refusal(send, code, Session="x" * 40), "NotAuthorizedException", f"a made-up session of {kind}")
    tokens_are_typed(send(code), refresh_token=True)
    is_typed(refusal(send, code), "NotAuthorizedException", f"the spent session of {kind}")


def refuses():
    account = accounts["refused"]
    wrong = refusal(begin, account, account["password"] + "x")
    is_typed(wrong, "NotAuthorizedException", "a wrong password")
    unknown = refusal(begin, {**account, "email": "nobody@example.test"})
    check((name_of(unknown), message_of(unknown)) == (name_of(wrong), message_of(wrong)),
          "an unknown user meets the same error as a wrong password", message_of(unknown))
    name, password = account["email"], account["password"]
    is_typed(refusal(initiate, "USER_PASSWORD_AUTH", client_id="nosuchclient", USERNAME=name, PASSWORD=password),
             "ResourceNotFoundException", "a foreign client")
    is_typed(refusal(initiate, "USER_PASSWORD_AUTH", USERNAME=name), "InvalidParameterException", "no password")
    is_typed(refusal(initiate, "USER_SRP_AUTH", USERNAME=name), "InvalidParameterException", "no A")
    for text, what in (("0", "zero"), ("xyz", "no number"), ("f" * 1_000_000, "a million digits")):
        is_typed(refusal(initiate, "USER_SRP_AUTH", USERNAME=name, SRP_A=text), "InvalidParameterException",
                 f"an A that is {what}")
    is_typed(refusal(initiate, "NO_SUCH_FLOW"), "InvalidParameterException", "an unknown flow")
    is_typed(refusal(refresh, "made.up"), "NotAuthorizedException", "a made-up refresh token")
    is_typed(refusal(client.get_user, AccessToken="made.up"), "NotAuthorizedException", "a made-up access token")
    is_typed(refusal(client.get_user, AccessToken=begin(account)["AuthenticationResult"]["IdToken"]),
             "NotAuthorizedException", "an id token in place of an access token")
    unknown = refusal(client.get_csv_header, UserPoolId=service["user_pool_id"])
    check(name_of(unknown) == "UnknownOperationException", "an operation that is not offered is named as such",
          f"{name_of(unknown)}: {message_of(unknown)}")


def bounds_guessing():
    """Nobody waits here, so every try after the free ones soon meets a lock."""
    passwords, codes = accounts["guessed"], accounts["totp_guessed"]
    tries = [refusal(begin, passwords, "not-the-password") for _ in range(20)]
    locked = next((error for error in tries if message_of(error).startswith("Password attempts exceeded")), None)
    is_typed(locked, "NotAuthorizedException", "too many wrong passwords")
    wrong = wrong_totp(codes)
    tries = [refusal(answer, begin(codes), codes, SOFTWARE_TOKEN_MFA_CODE=wrong) for _ in range(20)]
    locked = next((error for error in tries if name_of(error) != "CodeMismatchException"), None)
    is_typed(locked, "LimitExceededException", "too many wrong codes, over several sign-ins")
    check("AuthenticationResult" in begin(accounts["refused"]), "another account does not feel it")


password_and_sign_out()
second_factor("totp", "SOFTWARE_TOKEN_MFA", lambda: totp_codes(accounts["totp"])[0],
              lambda code: wrong_totp(accounts["totp"]))
second_factor("sms", "SMS_MFA", lambda: sent_code(accounts["sms"]["phone"]), wrong_code)
refuses()
bounds_guessing()
finish()
