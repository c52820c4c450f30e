"""boto3, Amazon's own client: signing up, resetting, changing, verifying and leaving, with every error that is Amazon's."""

import secrets

from aws import begin, client, is_typed, message_of, name_of, refusal
from harness import accounts, check, finish, sent_code, sent_to, service, wrong_code

CLIENT = service["client_id"]
NEW_PASSWORD = "tröt-zebra-9"


def new_address():
    return f"boto3.new+{secrets.token_hex(4)}@example.test"


def mailed_to(reply, address):
    details = reply["CodeDeliveryDetails"]
    check(details == {"Destination": f"{address[0]}***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"},
          "the code went by mail, to an address that is masked", details)


def sign_up(address, password=NEW_PASSWORD, **named):
    return client.sign_up(ClientId=CLIENT, Username=address, Password=password, **named)


def confirm(address, code):
    return client.confirm_sign_up(ClientId=CLIENT, Username=address, ConfirmationCode=code)


def resend(address):
    return client.resend_confirmation_code(ClientId=CLIENT, Username=address)


def forgot(address):
    return client.forgot_password(ClientId=CLIENT, Username=address)


def reset(address, code, password=NEW_PASSWORD):
    return client.confirm_forgot_password(ClientId=CLIENT, Username=address, ConfirmationCode=code, Password=password)


def attributes(token):
    return {one["Name"]: one["Value"] for one in client.get_user(AccessToken=token)["UserAttributes"]}


def update(token, **values):
    return client.update_user_attributes(AccessToken=token, UserAttributes=[
        {"Name": name, "Value": value} for name, value in values.items()]).get("CodeDeliveryDetailsList", [])


def verify(token, name, code):
    return client.verify_user_attribute(AccessToken=token, AttributeName=name, Code=code)


def send_code(token, name):
    return client.get_user_attribute_verification_code(AccessToken=token, AttributeName=name)


def change(token, previous, proposed):
    return client.change_password(AccessToken=token, PreviousPassword=previous, ProposedPassword=proposed)


def signs_up():
    address = new_address()
    for password, when in (("short", "a short password"), ("password1", "a password of every list")):
        is_typed(refusal(sign_up, address, password), "InvalidPasswordException", when)
    is_typed(refusal(sign_up, "bob"), "InvalidParameterException", "a name that is no address")
    is_typed(refusal(client.sign_up, ClientId="nosuchclient", Username=address, Password=NEW_PASSWORD),
             "ResourceNotFoundException", "a sign-up for another client")
    is_typed(refusal(sign_up, address, UserAttributes=[{"Name": "email_verified", "Value": "true"}]),
             "NotAuthorizedException", "an attribute that only the service writes")
    done = sign_up(address, UserAttributes=[{"Name": "custom:brand", "Value": "remoteit"}], ValidationData=[])
    check(done["UserConfirmed"] is False, "a new user is not confirmed")
    mailed_to(done, address)
    person = {"email": address, "password": NEW_PASSWORD}
    is_typed(refusal(begin, person), "UserNotConfirmedException", "a sign-in before the confirmation")
    is_typed(refusal(begin, person, "wrong-password"), "NotAuthorizedException", "the same with a wrong password")
    mailed_to(resend(address), address)
    code = sent_code(address)
    is_typed(refusal(confirm, address, wrong_code(code)), "CodeMismatchException", "a wrong confirmation code")
    confirm(address.upper(), code)
    is_typed(refusal(confirm, address, code), "ExpiredCodeException", "a code that was used")
    tokens = begin(person)["AuthenticationResult"]
    known = attributes(tokens["AccessToken"])
    check(known["sub"] == done["UserSub"] and known["custom:brand"] == "remoteit", "the new user is the one", known)
    return person, tokens["AccessToken"]


def does_not_tell_who_has_an_account():
    taken, free = accounts["ascii"]["email"], new_address()
    answers = []
    for address in (taken, free):
        said = [sign_up(address), resend(address), resend(address)]
        for reply in said:
            reply.pop("ResponseMetadata")
            reply.pop("UserSub", None)
            reply["CodeDeliveryDetails"].pop("Destination")
        errors = [refusal(resend, address), refusal(confirm, address, "000000"), refusal(reset, address, "000000")]
        answers.append(said + [(name_of(error), message_of(error)) for error in errors])
    check(answers[0] == answers[1], "a taken address is answered like a free one", answers)
    check(len(sent_to(taken)) == 3 and not any(text[:6].isdigit() for text in sent_to(taken)),
          "its owner hears of it, and gets no code", sent_to(taken))
    check(begin(accounts["ascii"]).get("AuthenticationResult"), "and signs in as before")
    stranger = new_address()
    mailed_to(forgot(stranger), stranger)
    check(sent_to(stranger) == [], "a stranger gets no mail")
    is_typed(refusal(reset, stranger, "000000"), "CodeMismatchException", "and their code is just wrong")


def sends_no_mail_without_end():
    address = accounts["guessed"]["email"]
    for _ in range(3):
        forgot(address)
    error = refusal(forgot, address)
    is_typed(error, "LimitExceededException", "the fourth mail in a row")
    check(int(error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) in range(1, 61), "it says how long")
    for _ in range(5):
        is_typed(refusal(reset, address, wrong_code(sent_code(address))), "CodeMismatchException", "a guessed code")
    is_typed(refusal(reset, address, sent_code(address)), "LimitExceededException", "the sixth guess in a row")


def resets():
    account = accounts["forgotten"]
    before = begin(account)["AuthenticationResult"]
    is_typed(refusal(reset, account["email"], "000000"), "ExpiredCodeException", "a reset that nobody asked for")
    mailed_to(forgot(account["email"]), account["email"])
    code = sent_code(account["email"])
    is_typed(refusal(reset, account["email"], code, "1234567"), "InvalidPasswordException", "a weak new password")
    is_typed(refusal(reset, account["email"], wrong_code(code)), "CodeMismatchException", "a wrong reset code")
    reset(account["email"], code)
    is_typed(refusal(client.get_user, AccessToken=before["AccessToken"]), "NotAuthorizedException",
             "a sign-in from before the reset")
    is_typed(refusal(begin, account), "NotAuthorizedException", "the forgotten password")
    check(begin(account, NEW_PASSWORD).get("AuthenticationResult"), "the new password signs in")
    check("set anew" in sent_to(account["email"])[-1], "the owner is told by mail")


def changes_password():
    account = accounts["utf8"]
    here, there = (begin(account)["AuthenticationResult"]["AccessToken"] for _ in range(2))
    is_typed(refusal(change, here, "wrong-password", NEW_PASSWORD), "NotAuthorizedException", "a wrong old password")
    is_typed(refusal(change, here, account["password"], "aaaaaaaa"), "InvalidPasswordException", "a weak proposal")
    change(here, account["password"], NEW_PASSWORD)
    check(attributes(here)["email"] == account["email"], "the sign-in that changed it goes on")
    is_typed(refusal(attributes, there), "NotAuthorizedException", "another sign-in after a change")
    check(begin(account, NEW_PASSWORD).get("AuthenticationResult"), "the changed password signs in")
    check("was changed" in sent_to(account["email"])[-1], "the owner is told by mail")


def changes_address_and_number(person, token):
    check(update(token, name="Bób 🦀", locale="de") == [], "what people tell of themselves needs no code")
    check(attributes(token)["name"] == "Bób 🦀", "and is kept as given")
    for name, value in (("phone_number", "2065550100"), ("email", "bob"), ("custom:unknown", "x")):
        is_typed(refusal(client.update_user_attributes, AccessToken=token,
                         UserAttributes=[{"Name": name, "Value": value}]), "InvalidParameterException", f"{name} {value}")
    phone = f"+1206555{secrets.randbelow(10_000):04}"
    sent = update(token, phone_number=f"+1 (206) {phone[5:8]}-{phone[8:]}")
    check(sent == [{"Destination": f"+*******{phone[-4:]}", "DeliveryMedium": "SMS", "AttributeName": "phone_number"}],
          "a number is forgiven its blanks, and shown masked", sent)
    known = attributes(token)
    check(known["phone_number"] == phone and known["phone_number_verified"] == "false", "it waits to be verified", known)
    code = sent_code(phone)
    is_typed(refusal(verify, token, "phone_number", wrong_code(code)), "CodeMismatchException", "a wrong code")
    check(send_code(token, "phone_number")["CodeDeliveryDetails"] == sent[0], "the code can be sent again")
    verify(token, "phone_number", sent_code(phone))
    check(attributes(token)["phone_number_verified"] == "true", "then the number is verified")
    is_typed(refusal(verify, token, "phone_number", code), "ExpiredCodeException", "a code that was used")
    is_typed(refusal(send_code, token, "name"), "InvalidParameterException", "a code for a name")
    address = new_address()
    client.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": address}])
    check(attributes(token)["email"] == person["email"], "the old address stays until the new one is verified")
    verify(token, "email", sent_code(address))
    check(attributes(token)["email"] == address, "then the new one counts")
    check("e-mail address" in sent_to(person["email"])[-1], "the old address is told")
    person["email"] = address
    client.update_user_attributes(AccessToken=token, UserAttributes=[
        {"Name": "email", "Value": accounts["totp"]["email"]}])
    is_typed(refusal(verify, token, "email", sent_code(accounts["totp"]["email"])), "AliasExistsException",
             "an address of another account, proved")


def leaves(person, token):
    client.delete_user(AccessToken=token)
    is_typed(refusal(client.get_user, AccessToken=token), "NotAuthorizedException", "a token of a deleted account")
    is_typed(refusal(begin, person), "NotAuthorizedException", "a sign-in to a deleted account")
    check("was deleted" in sent_to(person["email"])[-1], "the owner is told by mail")


def refuses_bad_tokens():
    for action, named in (
            (client.get_user, {}), (client.delete_user, {}),
            (client.change_password, {"PreviousPassword": NEW_PASSWORD, "ProposedPassword": NEW_PASSWORD + "x"}),
            (client.update_user_attributes, {"UserAttributes": [{"Name": "name", "Value": "x"}]}),
            (client.get_user_attribute_verification_code, {"AttributeName": "email"}),
            (client.verify_user_attribute, {"AttributeName": "email", "Code": "000000"})):
        is_typed(refusal(action, AccessToken="a.b.c", **named), "NotAuthorizedException", f"{action.__name__} by a bad token")


person, token = signs_up()
changes_address_and_number(person, token)
leaves(person, token)
does_not_tell_who_has_an_account()
sends_no_mail_without_end()
resets()
changes_password()
refuses_bad_tokens()
finish()
