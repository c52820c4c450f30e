"""What a signer in Python is told, in its environment, and what it does with the request that a library has signed."""

import base64
import email.utils
import os
import sys

import requests

METHOD = os.environ["SIGN_METHOD"]
URL = os.environ["SIGN_URL"]
BODY = os.environ["SIGN_BODY"].encode()
KEY_ID = os.environ["SIGN_KEY_ID"]
KEY = base64.b64decode(os.environ["SIGN_SECRET"])
AT = int(os.environ["SIGN_AT"])
DATE = email.utils.formatdate(AT, usegmt=True)
#: Names that the signature covers; without them the client's usual ones.
COVERED = os.environ.get("SIGN_COVERED", "").split()


def deliver(auth):
    """Signs through requests; prints the headers (`sign`), or sends and prints status and body (`send`)."""
    session = requests.Session()
    request = requests.Request(METHOD, URL, data=BODY, auth=auth,
                               headers={"Content-Type": "application/json", "Date": DATE})
    prepared = session.prepare_request(request)
    if sys.argv[1] == "sign":
        show_headers(prepared)
    else:
        show_answer(session.send(prepared, timeout=10))


def show_headers(prepared):
    for name, value in prepared.headers.items():
        print(f"{name}: {value.decode() if isinstance(value, bytes) else value}")


def show_answer(answer):
    print(f"{answer.status_code}\n{answer.text}")
