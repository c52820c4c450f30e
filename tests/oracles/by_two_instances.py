"""PostgreSQL under two instances of the service: what is begun at one ends at the other, also when the first is killed.

The judge is PostgreSQL, the clients are boto3 and pycognito. Started by ../with_postgres, which says where the database is.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from harness import check, finish, skip, totp_codes, world, wrong_code
from service import Service, new_account

#: Sign-ins that are under way when an instance is killed.
MANY = 12

if "TEST_POSTGRES" not in os.environ:
    skip("TEST_POSTGRES is not set; start this through tests/with_postgres")

SETTINGS = f"""
public_url = "https://accounts.example.test"
[database]
url = "{os.environ['TEST_POSTGRES']}"
"""


class Instance(Service):
    """One of the two, as on a machine of its own: only the database and the server key are shared."""

    def __init__(self, folder, key=None):
        folder.mkdir()
        super().__init__(Path(world["binaries"]), folder, SETTINGS)
        if key:
            self.state.mkdir(mode=0o700)
            shutil.copy(key, self.state / "server.key")

    def __enter__(self):
        super().__enter__()
        self.cognito = boto3.client("cognito-idp", endpoint_url=self.base, region_name="local", config=Config(
            signature_version=UNSIGNED, retries={"max_attempts": 0}, max_pool_connections=MANY))
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class SignIn:
    """Somebody's sign-in, step by step, each at whichever instance."""

    def __init__(self, account, at):
        self.account = account
        self.srp = AWSSRP(username=account["email"], password=account["password"], client=at.cognito,
                          pool_id=at.discovery["user_pool_id"], client_id=at.discovery["client_id"])
        self.asked = at.cognito.initiate_auth(AuthFlow="USER_SRP_AUTH", ClientId=self.srp.client_id,
                                              AuthParameters=self.srp.get_auth_params())

    def prove(self, at):
        parameters = self.asked["ChallengeParameters"]
        self.asked = at.cognito.respond_to_auth_challenge(
            ClientId=self.srp.client_id, ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=self.srp.process_challenge(parameters, parameters))
        return self.asked

    def answer(self, at, code):
        kind = self.asked["ChallengeName"]
        done = at.cognito.respond_to_auth_challenge(
            ClientId=self.srp.client_id, ChallengeName=kind, Session=self.asked["Session"],
            ChallengeResponses={"USERNAME": self.account["email"], f"{kind}_CODE": code})
        return done["AuthenticationResult"]


def refused(act, *words, **named):
    """The name of the error that it must raise."""
    try:
        return f"nothing: {act(*words, **named)}"
    except ClientError as error:
        return error.response["Error"]["Code"]


def people(at, *kinds):
    accounts = [new_account("two-instances", kind) for kind in kinds]
    at.add_accounts(accounts)
    return accounts


def text_to(at, number):
    lines = subprocess.run(at.command("outbox", "--json"), check=True, capture_output=True, text=True).stdout.splitlines()
    return [message["text"] for message in map(json.loads, lines) if message["to"] == number][-1][:6]


def a_killed_instance_loses_no_sign_in(one, other):
    (ann,) = people(one, "totp")
    first, second = totp_codes(ann)
    sign_in = SignIn(ann, at=one)
    one.kill()
    check(sign_in.prove(at=other)["ChallengeName"] == "SOFTWARE_TOKEN_MFA",
          "a password exchange begun at an instance that was killed ends at the other")
    tokens = sign_in.answer(other, first)
    check("AccessToken" in tokens, "and the authenticator's code signs in there")
    one.__enter__()
    user = one.cognito.get_user(AccessToken=tokens["AccessToken"])
    check(user["Username"], "the instance that comes back believes the other's token")
    again = SignIn(ann, at=one)
    again.prove(at=one)
    check(refused(again.answer, one, first) == "CodeMismatchException", "a code that was used at one is used up at the other")
    check("AccessToken" in again.answer(one, second), "the next code is right")
    renewed = one.cognito.initiate_auth(AuthFlow="REFRESH_TOKEN_AUTH", ClientId=again.srp.client_id,
                                        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})["AuthenticationResult"]
    other.cognito.global_sign_out(AccessToken=renewed["AccessToken"])
    check(refused(one.cognito.get_user, AccessToken=tokens["AccessToken"]) == "NotAuthorizedException",
          "signed out everywhere at one, signed out at the other")


def a_killed_instance_in_a_crowd(one, other):
    crowd = people(one, *["totp"] * MANY)
    with ThreadPoolExecutor(MANY) as at_once:
        begun = list(at_once.map(lambda account: SignIn(account, at=one), crowd))
        proofs = [at_once.submit(sign_in.prove, at=one) for sign_in in begun]
        one.kill()
        lost = 0
        for sign_in, proof in zip(begun, proofs):
            if proof.exception():
                lost += 1
                sign_in.__init__(sign_in.account, at=other)
                sign_in.prove(at=other)
        done = list(at_once.map(lambda sign_in: sign_in.answer(other, totp_codes(sign_in.account)[0]), begun))
    check(all("AccessToken" in tokens for tokens in done),
          f"of {MANY} people signing in when an instance is killed all get in at the other ({lost} typed their password twice)")
    one.__enter__()


def what_was_sent_at_one_is_answered_at_the_other(one, other):
    (bea,) = people(other, "sms")
    sign_in = SignIn(bea, at=one)
    sign_in.prove(at=other)
    code = text_to(one, bea["phone"])
    check(refused(sign_in.answer, other, wrong_code(code)) == "CodeMismatchException", "a wrong code is wrong at the other too")
    check("AccessToken" in sign_in.answer(one, code), "a code texted by one is right at the other")


def guesses_are_counted_together(one, other):
    (cas,) = people(one, "ascii")
    mistaken = {**cas, "password": cas["password"] + "x"}
    heard = []
    # Five are free. Were they counted apart, the two together would bear ten.
    while len(heard) < 10 and not (heard and "attempts exceeded" in heard[-1]):
        at = (one, other)[len(heard) % 2]
        try:
            SignIn(mistaken, at=at).prove(at)
        except ClientError as error:
            heard.append(error.response["Error"]["Message"])
    check("attempts exceeded" in heard[-1], "wrong passwords at one count at the other", heard)


def a_secret_block_counts_once(one, other):
    (dan,) = people(one, "ascii")
    sign_in = SignIn(dan, at=one)
    asked = sign_in.asked
    check("AuthenticationResult" in sign_in.prove(at=one), "a proof signs in")
    sign_in.asked = asked
    check(refused(sign_in.prove, at=other) == "NotAuthorizedException", "the same exchange is not taken again by the other")


with tempfile.TemporaryDirectory(prefix="latchkey-two-") as folder:
    with Instance(Path(folder) / "one") as one:
        with Instance(Path(folder) / "other", key=one.state / "server.key") as other:
            a_killed_instance_loses_no_sign_in(one, other)
            what_was_sent_at_one_is_answered_at_the_other(one, other)
            guesses_are_counted_together(one, other)
            a_secret_block_counts_once(one, other)
            a_killed_instance_in_a_crowd(one, other)
finish()
