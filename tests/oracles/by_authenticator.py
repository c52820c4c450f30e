"""oathtool and pyotp as authenticator apps: which codes are right, each only once."""

import shutil
import subprocess
import time

import pyotp

from aws import answer, begin, name_of, refusal
from harness import accounts, check, finish, skip, wrong_totp


def oathtool(account, at):
    return subprocess.run(["oathtool", "--totp", "--base32", f"--now=@{at}", "-"], input=account["totp_secret"],
                          check=True, capture_output=True, text=True).stdout.strip()


def signs_in(account, code):
    """Whether a fresh sign-in with this code gets tokens; a refusal must say that the code is wrong."""
    challenge = begin(account)
    error = refusal(answer, challenge, account, SOFTWARE_TOKEN_MFA_CODE=code)
    check(name_of(error) in ("no error", "CodeMismatchException"), "a code that is refused does not match",
          name_of(error))
    return error is None


def apps_agree():
    account = accounts["totp_apps"]
    secret = account["totp_secret"]
    check(len(secret) >= 16 and "=" not in secret and secret == secret.upper(), "the secret is plain base32")
    now = int(time.time())
    steps = range(now - 300, now + 300, 30)
    check([oathtool(account, at) for at in steps] == [pyotp.TOTP(secret).at(at) for at in steps],
          "oathtool and pyotp show the same codes")


def each_code_works_once():
    account = accounts["totp_once"]
    now = int(time.time())
    first, second = oathtool(account, now), pyotp.TOTP(account["totp_secret"]).at(now + 30)
    check(signs_in(account, first), "the code of oathtool signs in")
    check(not signs_in(account, first), "the same code does not sign in again")
    check(signs_in(account, second), "the next code, of pyotp, signs in")
    check(not signs_in(account, first), "the older code does not come back")


def steps_beside_now(account):
    """What the codes of five steps are worth; None when the step changed meanwhile."""
    step = int(time.time()) // 30
    worth = [signs_in(account, oathtool(account, (step + off) * 30)) for off in (-2, -1, 0, 1, 2)]
    return worth if int(time.time()) // 30 == step else None


def a_window_of_three_steps():
    worth = steps_beside_now(accounts["totp_window"]) or steps_beside_now(accounts["totp_window_again"])
    check(worth == [False, True, True, True, False], "of five steps the middle three sign in", worth)


def typed_by_a_person():
    account = accounts["totp_typed"]
    challenge = begin(account)
    for text in ("12345", "1234567", "12as56", "١٢٣٤٥٦", wrong_totp(account)):
        error = refusal(answer, challenge, account, SOFTWARE_TOKEN_MFA_CODE=text)
        check(name_of(error) in ("CodeMismatchException", "InvalidParameterException"), f"{text} is refused",
              name_of(error))
    code = oathtool(account, int(time.time()))
    reply = answer(challenge, account, SOFTWARE_TOKEN_MFA_CODE=f" {code[:3]} {code[3:]}")
    check("AuthenticationResult" in reply, "the code signs in as apps show it, with blanks")


if not shutil.which("oathtool"):
    skip("oathtool is not installed (package oathtool)")
apps_agree()
each_code_works_once()
a_window_of_three_steps()
typed_by_a_person()
finish()
