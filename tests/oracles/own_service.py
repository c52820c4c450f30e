"""A service of a judge's own, with settings of its own, and how to sign in there with nothing but HTTP."""

import json
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import world
from service import Service, new_account

VECTORS = Path(__file__).parent.parent / "vectors/tls"


@contextmanager
def own_service(settings="", environment=None):
    """SETTINGS may name `[dir]`, its folder, and is given it as a path too."""
    with TemporaryDirectory(prefix="latchkey-judge-") as folder:
        text = settings(Path(folder)) if callable(settings) else settings
        with Service(Path(world["binaries"]), Path(folder), text, environment) as service:
            yield service


def person(service, kind):
    account = new_account("judge", kind)
    service.add_accounts([account])
    return account


def cognito(service, operation, **body):
    """The answer, or the error with its name as `__type`; the status is in `status`."""
    request = urllib.request.Request(service.base + "/", json.dumps(body).encode(), {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return {**json.load(answer), "status": answer.status}
    except urllib.error.HTTPError as error:
        return {**json.load(error), "status": error.code}


def begin(service, account):
    """E-mail and password as they are sent."""
    return cognito(service, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=service.discovery["client_id"],
                   AuthParameters={"USERNAME": account["email"], "PASSWORD": account["password"]})


def begin_recovery(service, account):
    """Up to the mailed code, from a sign-in whose password was right."""
    session = begin(service, account)["Session"]
    return cognito(service, "InitiateAuth", AuthFlow="CUSTOM_AUTH", ClientId=service.discovery["client_id"],
                   AuthParameters={"USERNAME": account["email"], "SESSION": session})


def answer(service, account, asked, **responses):
    return cognito(service, "RespondToAuthChallenge", ChallengeName=asked["ChallengeName"], Session=asked["Session"],
                   ClientId=service.discovery["client_id"],
                   ChallengeResponses={"USERNAME": account["email"], **responses})


def outbox(service):
    lines = subprocess.run(service.command("outbox", "--json"), check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def run(service, *words):
    return subprocess.run(service.command(*words), capture_output=True, text=True, timeout=60)
