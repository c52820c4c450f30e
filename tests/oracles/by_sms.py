"""A gateway that understands Twilio's form, and a modem that only mmcli reaches, take the text messages."""

import base64
import json
import os
import re
import stat
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import check, finish
from own_service import answer, begin, outbox, own_service, person

PATH = "/2010-04-01/Accounts/AC0123/Messages.json"
MMCLI = """#!/bin/sh
for word; do printf '%s\\0' "$word" >> "$MMCLI_LOG"; done
printf '\\n' >> "$MMCLI_LOG"
case "$*" in
    *--messaging-create-sms=*) echo 'Successfully created new SMS: /org/freedesktop/ModemManager1/SMS/7' ;;
    *--send*) echo 'successfully sent the SMS' ;;
esac
"""


class Gateway(BaseHTTPRequestHandler):
    taken, statuses = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.taken.append((self.path, dict(self.headers), body))
        self.send_response(self.statuses.pop(0) if self.statuses else 201)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def by_gateway():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def settings(folder):
        (folder / "token").write_text("hunter2\n")
        (folder / "token").chmod(0o600)
        return (f'brand = "Ann & Bob\'s"\n[sms]\nby = "gateway"\nurl = "http://127.0.0.1:{server.server_port}{PATH}"\n'
                f'user = "AC0123"\nsecret_file = "{folder / "token"}"\nfrom = "+12065550199"\n')

    with own_service(settings) as service:
        ann = person(service, "sms")
        asked = begin(service, ann)
        path, head, body = Gateway.taken[-1]
        head = {name.lower(): value for name, value in head.items()}
        check(path == PATH and head["content-type"] == "application/x-www-form-urlencoded", "Twilio's URL gets a form", head)
        check(base64.b64decode(head["authorization"].removeprefix("Basic ")) == b"AC0123:hunter2",
              "with basic authentication", head)
        form = urllib.parse.parse_qs(body, strict_parsing=True)
        check(form["To"] == [ann["phone"]] and form["From"] == ["+12065550199"] and set(form) == {"To", "From", "Body"},
              "to the number and from the number", form)
        check("Ann & Bob's" in form["Body"][0], "the text comes whole", form)
        code = re.search(r"\b[0-9]{6}\b", form["Body"][0])[0]
        signed_in = answer(service, ann, asked, SMS_MFA_CODE=code)
        check("AuthenticationResult" in signed_in, "its code signs in", signed_in)
        Gateway.statuses[:] = [500]
        refused = begin(service, ann)
        check((refused["status"], refused["__type"]) == (400, "CodeDeliveryFailureException"), "a failing gateway is told", refused)
        check(begin(service, ann)["ChallengeName"] == "SMS_MFA", "and the next try may succeed at once")
        Gateway.statuses[:] = [400]
        begin(service, ann)
        reasons = [message["reason"] for message in outbox(service)]
        check(reasons == ["", "the SMS gateway answered 500", "", "the SMS gateway answered 400"], "the operator sees why", reasons)
        log = service.log.read_text()
        check(not any(secret in log for secret in (code, ann["phone"], "hunter2")), "no code, number or secret is in the log")
    server.shutdown()


def by_modem():
    with TemporaryDirectory() as folder:
        mmcli, log = Path(folder) / "mmcli", Path(folder) / "said"
        mmcli.write_text(MMCLI)
        mmcli.chmod(mmcli.stat().st_mode | stat.S_IXUSR)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "MMCLI_LOG": str(log)}
        with own_service('brand = "Ann\'s"\n[sms]\nby = "modem"\n', environment) as service:
            ann = person(service, "sms")
            asked = begin(service, ann)
            calls = [line.rstrip("\0").split("\0") for line in log.read_text().splitlines()]
            create = calls[0][2].removeprefix("--messaging-create-sms=")
            # As ModemManager reads it: a value ends at the quotation mark that it began with.
            values = {key: double or single for key, double, single in
                      re.findall(r"""([a-z]+)=(?:"([^"]*)"|'([^']*)')(?:,|$)""", create)}
            check(set(values) == {"text", "number"} and values["number"] == ann["phone"], "the modem gets number and text", create)
            path = "/org/freedesktop/ModemManager1/SMS/7"
            check(calls[1:] == [["-m", "any", "-s", path, "--send"], ["-m", "any", f"--messaging-delete-sms={path}"]],
                  "sends it, and keeps none", calls)
            code = re.search(r"\b[0-9]{6}\b", values["text"])[0]
            check("AuthenticationResult" in answer(service, ann, asked, SMS_MFA_CODE=code), "its code signs in", json.dumps(values))
        mmcli.write_text("#!/bin/sh\nexit 1\n")
        with own_service('[sms]\nby = "modem"\n', environment) as service:
            refused = begin(service, person(service, "sms"))
            check(refused["__type"] == "CodeDeliveryFailureException", "a missing modem is told", refused)


by_gateway()
by_modem()
finish()
