"""A script that knows the device's API only by its document: openapi-spec-validator says whether it is one, jsonschema whether
every answer is as it says, also the answers to nonsense."""

import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness import accounts, check, finish, totp_codes, world, wrong_totp

LATCHKEY = str(Path(world["binaries"]) / "latchkey")
SECONDS = 30
SCOPES = ["status:read", "keys:read", "sessions:read", "sessions:write", "device:read", "device:write", "release"]
NONSENSE = (b"", b"{", b"[]", b"null", b'"x"', b"{\"a\":1}", b"\xff\xfe", b"{\"email\":" + b"[" * 5000,
            b"{\"email\":1,\"password\":2}", b"{\"sign_in\":\"" + b"A" * 43 + b"\",\"code\":\"123456\"}", b" " * 20_000)


class Device:
    """One machine with a running agent and nobody signed in."""

    def __init__(self, folder):
        self.places = {"LATCHKEY_STATE_DIR": f"{folder}/state", "LATCHKEY_RUNTIME_DIR": f"{folder}/run",
                       "LATCHKEY_CONFIG": "/dev/null", "LATCHKEY_SERVICE": world["base"]}

    def __enter__(self):
        command = [LATCHKEY, "run", "--panel-listen", "127.0.0.1:0"]
        self.agent = subprocess.Popen(command, env=self.places, stderr=subprocess.PIPE, text=True)
        for line in self.agent.stderr:
            if found := re.search(r"panel listens.*?127\.0\.0\.1:([0-9]+)", re.sub(r"\x1b\[[0-9;]*m", "", line)):
                self.base = f"http://127.0.0.1:{found[1]}/api/v1"
                break
        return self

    def __exit__(self, *_):
        self.agent.send_signal(signal.SIGTERM)
        self.agent.communicate(timeout=SECONDS)

    def claim_code(self):
        said = subprocess.run([LATCHKEY, "claim"], env=self.places, capture_output=True, text=True, timeout=SECONDS).stdout
        return re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", said)[0]


class Script:
    """Asks operations by their id and holds every answer against the document."""

    def __init__(self, base):
        self.base = base
        self.token = None
        self.heard = set()
        self.document = self.send("GET", "/openapi.json")[2]
        self.operations = {operation["operationId"]: (method.upper(), path, operation)
                           for path, item in self.document["paths"].items() for method, operation in item.items()}

    def send(self, method, path, body=None, kind="application/json"):
        headers = {"content-type": kind} if body is not None else {}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def ask(self, operation, body=None, raw=None, kind="application/json", **places):
        method, path, described = self.operations[operation]
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        status, headers, answer = self.send(method, path.format(**places), sent, kind)
        response = described["responses"].get(str(status), {})
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        wrong = schema is None and f"status {status} is not described" or "; ".join(
            error.message for error in self.validator(schema).iter_errors(answer))
        missing = [name for name, header in response.get("headers", {}).items() if header.get("required") and name not in headers]
        if wrong or missing or headers.get_content_type() != "application/json":
            check(False, f"{operation} answers as the document says", (status, wrong, missing, answer))
        self.heard.add((operation, status))
        return status, answer

    def validator(self, schema):
        return Draft202012Validator({**schema, "components": self.document["components"]})


def is_a_document(script):
    mistakes = [error.message for error in OpenAPIV31SpecValidator(script.document).iter_errors()]
    check(not mistakes, "the document is one of OpenAPI 3.1", mistakes)
    for name, schema in script.document["components"]["schemas"].items():
        Draft202012Validator.check_schema({**schema})
        check(schema["type"] != "object" or schema.get("additionalProperties") is False, f"{name} says all that it holds")


def installer(device, script, account):
    """A device is signed in by script, and looks after itself from then on."""
    status, answer = script.ask("signIn", {"email": account["email"], "password": account["password"]})
    check((status, answer["error"]["code"]) == (403, "claim_needed"), "a device without owner wants its claim code", answer)
    begin = {"email": account["email"], "password": account["password"], "claim_code": device.claim_code()}
    status, step = script.ask("signIn", begin)
    check(status == 200 and step["step"] == "authenticator_code", "the second factor is asked for", step)
    status, answer = script.ask("answerSignIn", {"sign_in": step["sign_in"], "mailed_code": "12345678"})
    right = (status, answer["error"]["code"]) == (409, "wrong_step") and "code" in step["answers"]
    check(right, "an answer to another question is refused, and the step says which answers it takes", (answer, step))
    status, answer = script.ask("answerSignIn", {"sign_in": step["sign_in"], "code": wrong_totp(account)})
    check(status == 401, "a wrong code is refused, and the sign-in goes on", answer)
    done = {"sign_in": step["sign_in"], "code": totp_codes(account)[0], "token": {"name": "judge", "scopes": SCOPES}}
    status, step = script.ask("answerSignIn", done)
    check(status == 200 and step["owner"]["email"] == account["email"], "the device is signed in", step)
    script.token = step["token"]
    status, told = script.ask("getStatus")
    check(status == 200 and told["key"]["state"] == "fresh", "its key is fresh", told)
    for operation in ("listKeys", "listSessions", "getDevice"):
        status, answer = script.ask(operation)
        check(status == 200, f"{operation} answers", answer)


def machine(script):
    """What the device tells of itself, beside what the kernel tells a program that is not Latchkey."""
    _, told = script.ask("getDevice")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    check(told["health"]["memory"]["total_bytes"] == memory, "the memory is as large as the kernel says", told["health"])
    check(told["kernel"] == os.uname().release and told["name"] == os.uname().nodename, "kernel and name are right", told)
    check(told["unit"] is None, "no daemon is named", told["unit"])
    status, answer = script.ask("restartUnit")
    check((status, answer["error"]["code"]) == (409, "conflict"), "where no daemon is named, none is restarted", answer)


def nonsense(script):
    """Whatever is sent, the answer is JSON that the document describes, and never a fault."""
    for operation in ("signIn", "answerSignIn"):
        for raw in NONSENSE:
            status, answer = script.ask(operation, raw=raw)
            check(400 <= status < 500, f"{operation} refuses {raw[:24]!r}", (status, answer))
        status, _ = script.ask(operation, raw=b"{}", kind="text/plain")
        check(status == 415, f"{operation} takes nothing but JSON", status)
    for method, path, wanted in (("PATCH", "/status", 405), ("GET", "/none", 404), ("GET", "/sessions/", 404), ("POST", "", 404)):
        status, headers, answer = script.send(method, path)
        form = {"$ref": "#/components/schemas/Error"}
        right = status == wanted and script.validator(form).is_valid(answer) and headers.get_content_type() == "application/json"
        check(right, f"{method} {path or '/'} is refused in JSON", (status, answer))


def tokens(script):
    right, script.token = script.token, "lk_" + "A" * 43
    statuses = [script.ask("getStatus")[0] for _ in range(14)]
    check(statuses[0] == 401 and statuses[-1] == 429, "wrong tokens are refused and then have to wait", statuses)
    script.token = None
    check(script.ask("getStatus")[1]["error"]["code"] == "no_token", "without a token nothing is told")
    script.token = right
    check(script.ask("getStatus")[0] == 200, "a right token never waits")


def leaving(script):
    status, answer = script.ask("endSession", id="0" * 16)
    check(status == 404, "a session that is not there cannot be ended", answer)
    check(script.ask("endSessions")[0] == 200, "all sessions are ended")
    status, answer = script.ask("release")
    check(status == 200 and answer["released"] == "everywhere", "the device is signed out", answer)
    status, answer = script.ask("getStatus")
    # The wrong tokens of before may still have to wait.
    check(status in (401, 429), "and its tokens with it", (status, answer))


with tempfile.TemporaryDirectory(prefix="latchkey-openapi-") as folder, Device(folder) as device:
    script = Script(device.base)
    is_a_document(script)
    installer(device, script, accounts["totp"])
    machine(script)
    nonsense(script)
    tokens(script)
    leaving(script)
finish()
