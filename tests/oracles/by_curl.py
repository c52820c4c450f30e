"""A daemon that knows only curl: the broker's socket, header lines for requests of its own, and who is kept out."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from harness import accounts, check, finish, service, world

LATCHKEY = str(Path(world["binaries"]) / "latchkey")
SECONDS = 30
NOBODY = 65534
WHO = {"query": "{ login { email } }"}


class Device:
    """One machine with a running agent and nobody signed in."""

    def __init__(self, folder):
        self.places = {"LATCHKEY_STATE_DIR": f"{folder}/state", "LATCHKEY_RUNTIME_DIR": f"{folder}/run",
                       "LATCHKEY_CONFIG": "/dev/null", "LATCHKEY_SERVICE": world["base"]}
        self.socket = Path(folder) / "run/broker.sock"

    def __enter__(self):
        command = [LATCHKEY, "run", "--panel-listen", "127.0.0.1:0"]
        self.agent = subprocess.Popen(command, env=self.places, stderr=subprocess.PIPE, text=True)
        for line in self.agent.stderr:
            if "panel listens" in line:
                break
        return self

    def __exit__(self, *_):
        self.agent.send_signal(signal.SIGTERM)
        self.agent.communicate(timeout=SECONDS)

    def latchkey(self, *words, **named):
        return subprocess.run([LATCHKEY, *words], env=self.places, capture_output=True, text=True, timeout=SECONDS, **named)

    def ask(self, path, question=None, **named):
        """Status and JSON of the broker's answer."""
        words = ["--unix-socket", str(self.socket), f"http://localhost{path}"]
        return curl(*words, *json_body(question), **named)


def json_body(question):
    return [] if question is None else ["--json", json.dumps(question)]


def curl(*words, user=None):
    command = ["curl", "--silent", "--show-error", "--max-time", str(SECONDS), "--write-out", "\n%{http_code}", *words]
    said = subprocess.run(command, capture_output=True, text=True, user=user, group=user, extra_groups=[] if user else None)
    body, _, status = said.stdout.rpartition("\n")
    try:
        return int(status), json.loads(body)
    except ValueError:
        return int(status), body or said.stderr


def nobody_is_signed_in(device):
    for path, question in (("/v1/credentials", None), ("/v1/graphql", WHO)):
        status, answer = device.ask(path, question)
        check(status == 409 and "Sign in" in answer["error"], f"{path} says that nobody is signed in", answer)


def the_owner_is_told(device, account):
    status, answer = device.ask("/v1/status")
    good = status == 200 and answer["state"] in ("fresh", "leased") and answer["owner"]["email"] == account["email"]
    check(good, "status knows the owner and that the key can be used", answer)
    status, answer = device.ask("/v1/graphql", WHO)
    check(status == 200 and answer["data"]["login"]["email"] == account["email"], "GraphQL is signed and forwarded", answer)


def a_request_of_its_own(device, account, scheme):
    """Curl sends it itself, with the lines that the broker gave."""
    wanted = {"method": "POST", "url": service["graphql"], "scheme": scheme, "headers": {"content-type": "application/json"}}
    status, answer = device.ask("/v1/sign", wanted)
    check(status == 200, f"{scheme}: the broker gives header lines", answer)
    lines = [f"{line['name']}: {line['value']}" for line in answer["headers"]]
    status, answer = send(lines)
    check(status == 200 and answer["data"]["login"]["email"] == account["email"], f"{scheme}: the service accepts them", answer)
    later = [line.replace(" GMT", " UTC") if line.startswith("date:") else line for line in lines]
    status, answer = send(later)
    check(later != lines and status in (401, 403), f"{scheme}: a changed date is refused", answer)


def send(lines):
    headers = [word for line in lines for word in ("--header", line)]
    return curl(service["graphql"], "--header", "content-type: application/json", *headers, "--data-raw", json.dumps(WHO))


def strangers_are_kept_out(device):
    if os.geteuid():
        return
    status, answer = device.ask("/v1/credentials", user=NOBODY)
    check(status == 0, "another user cannot reach the socket", answer)
    for path in (device.socket.parent.parent, device.socket.parent):
        path.chmod(0o755)
    device.socket.chmod(0o666)
    status, answer = device.ask("/v1/credentials", user=NOBODY)
    check(status == 403 and "may not use" in answer["error"], "and is refused where it can reach it", answer)


def main():
    account = accounts["ascii"]
    with tempfile.TemporaryDirectory(prefix="latchkey-curl-") as folder, Device(folder) as device:
        nobody_is_signed_in(device)
        done = device.latchkey("sign-in", input=f"{account['email']}\n{account['password']}\n")
        check(done.returncode == 0, "the device is signed in", done)
        the_owner_is_told(device, account)
        a_request_of_its_own(device, account, "cavage")
        a_request_of_its_own(device, account, "message")
        strangers_are_kept_out(device)
        done = device.latchkey("sign-out")
        check(done.returncode == 0, "the device is signed out", done)
        nobody_is_signed_in(device)
    finish()


main()
