"""What a judge written in Python needs: its world, counted checks (TAP lines on stdout) and codes.

A judge that reaches its end calls `finish()`; one that stops earlier has failed.
"""

import json
import os
import re
import subprocess
import sys
import time
import traceback

import pyotp

#: `service` (its discovery document), `base`, `binaries`, `outbox` (a command), `accounts` by kind.
with open(os.environ["ORACLE_WORLD"], encoding="utf-8") as file:
    world = json.load(file)
service = world["service"]
accounts = world["accounts"]

_checks = 0


def _stopped(kind, error, trace):
    """A judge that stumbles says where and over what, in two lines."""
    here = [frame for frame in traceback.extract_tb(trace) if "site-packages" not in frame.filename]
    where = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(here))
    print(f"not ok {_checks + 1} - goes on to the end\n# seen: {kind.__name__}: {error}\n# at: {where}")


sys.excepthook = _stopped


def check(holds, sentence, seen=""):
    """One judgement. SENTENCE says what is right; SEEN is told when it does not hold."""
    global _checks
    _checks += 1
    print(f"{'ok' if holds else 'not ok'} {_checks} - {sentence}", flush=True)
    if not holds:
        print(f"# seen: {seen}")
        sys.exit(1)


def finish():
    print(f"1..{_checks}")


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def totp_codes(account):
    """Codes that are right one after the other, without waiting: this step's, then the next one's."""
    app = pyotp.TOTP(account["totp_secret"])
    step = int(time.time()) // 30
    return app.generate_otp(step), app.generate_otp(step + 1)


def wrong_totp(account):
    """Six digits that no step near now has."""
    app = pyotp.TOTP(account["totp_secret"])
    step = int(time.time()) // 30
    near = {app.generate_otp(step + off) for off in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
                if code not in near)


def wrong_code(right):
    """Six digits other than RIGHT."""
    return f"{(int(right) + 1) % 1_000_000:06}"


def sent_to(to):
    """Every text that was sent to a mail address or phone number, newest last."""
    lines = subprocess.run(world["outbox"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [message["text"] for message in map(json.loads, lines) if message["to"] == to]


def sent_code(to):
    """The newest code that was sent to a mail address or phone number."""
    texts = sent_to(to)
    found = texts and re.search(r"\b[0-9]{6}\b", texts[-1])
    return found[0] if found else sys.exit(f"nothing with a code was sent to {to}")
