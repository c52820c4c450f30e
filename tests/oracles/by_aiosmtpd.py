"""aiosmtpd takes the mail: plain and by STARTTLS with a password, refused, and put off before it is taken."""

import email
import email.policy
import re
import socket
import ssl
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from harness import check, finish
from own_service import VECTORS, answer, begin_recovery, outbox, own_service, person, run

USER, PASSWORD = b"latchkey@example.org", b"Hunter2-hunter2"


class Desk:
    """Answers RCPT with the codes it is told to, one after the other, then with 250; keeps what it takes."""

    def __init__(self, *codes):
        self.codes = list(codes)
        self.tries = 0
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.tries += 1
        if self.codes:
            return f"{self.codes.pop(0)} <{address}> not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((session.ssl is not None, session.authenticated, envelope))
        return "250 OK"

    def newest(self):
        return email.message_from_bytes(self.taken[-1][2].content, policy=email.policy.default)


def mail_server(desk, **settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(desk, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    return controller, port


def settings(port, more='tls = "none"'):
    return (f'brand = "Home Cloud"\npublic_url = "https://accounts.example.org"\n'
            f'[mail]\nserver = "127.0.0.1"\nport = {port}\nfrom = "Home Cloud <accounts@example.org>"\n{more}\n')


def wait_for(holds, seconds=40):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.2)
    return holds()


def plainly():
    desk = Desk()
    controller, port = mail_server(desk)
    with own_service(settings(port)) as service:
        ann = person(service, "totp")
        asked = begin_recovery(service, ann)
        check(len(desk.taken) == 1, "a code that somebody waits for is handed over before they are answered", desk.taken)
        mail = desk.newest()
        check(mail["To"] == ann["email"] and mail["From"] == "Home Cloud <accounts@example.org>",
              "the mail is to the owner and from whom the settings say", mail.items())
        check(re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", mail["Message-ID"]) and mail["Date"]
              and mail["Auto-Submitted"] == "auto-generated" and mail["Subject"] == "Your Home Cloud account",
              "it has an id, a date, a subject and says that a machine wrote it", mail.items())
        check(mail.get_content_type() == "text/plain" and mail["MIME-Version"] == "1.0"
              and not [part for part in mail.defects], "it is plain text without a defect", mail.defects)
        text = mail.get_content()
        check("Home Cloud" in text and "https://accounts.example.org" in text, "it names the service and its address", text)
        code = re.search(r"\b[0-9]{6}\b", text)[0]
        following = answer(service, ann, asked, ANSWER=code)
        check(following.get("ChallengeParameters", {}).get("challengeType") == "BACKUP_CODE", "its code is right", following)
        kept = outbox(service)[-1]
        check((kept["state"], kept["text"]) == ("sent", ""), "what was sent is wiped", kept)
        check(code not in service.log.read_text(), "no code is in the log")
    controller.stop()


def safely():
    desk = Desk()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(VECTORS / "localhost.pem", VECTORS / "localhost.key")
    right = lambda server, session, envelope, mechanism, data: AuthResult(
        success=(data.login, data.password) == (USER, PASSWORD), auth_data=data.login)
    controller, port = mail_server(desk, tls_context=context, require_starttls=True, auth_required=True, authenticator=right)

    def with_password(folder):
        (folder / "password").write_bytes(PASSWORD + b"\n")
        (folder / "password").chmod(0o600)
        return settings(port, f'ca_file = "{VECTORS / "ca.pem"}"\nuser = "{USER.decode()}"\n'
                              f'password_file = "{folder / "password"}"')

    with own_service(with_password) as service:
        begin_recovery(service, person(service, "totp"))
        check(desk.taken and desk.taken[0][0] and desk.taken[0][1], "mail goes by TLS and with the password", desk.taken)
        mail = [line for line in run(service, "check").stdout.splitlines() if " mail " in line]
        check(mail and mail[0].startswith("ok "), "'check' is content with the mail server", mail)
    with own_service(lambda folder: with_password(folder).replace(f'ca_file = "{VECTORS / "ca.pem"}"', "")) as service:
        refused = begin_recovery(service, person(service, "totp"))
        check(refused["__type"] == "CodeDeliveryFailureException" and len(desk.taken) == 1,
              "a server whose certificate nobody vouches for gets nothing", refused)
    controller.stop()


def refused_and_put_off():
    desk = Desk(550)
    controller, port = mail_server(desk)
    with own_service(settings(port)) as service:
        ann = person(service, "totp")
        refused = begin_recovery(service, ann)
        check((refused["status"], refused["__type"]) == (400, "CodeDeliveryFailureException"), "a refused mail is told", refused)
        check("could not be sent by e-mail" in refused["message"], "in a sentence", refused)
        kept = outbox(service)[-1]
        check((kept["state"], kept["text"], kept["reason"]) == ("failed", "", "the mail server refused it (550)"),
              "the operator sees why", kept)
        check("ChallengeName" in begin_recovery(service, ann), "and the next try may succeed at once")

        desk.codes, desk.tries, desk.taken = [451], 0, []
        check(run(service, "account", "disable", ann["email"]).returncode == 0, "an account can be disabled")
        check(wait_for(lambda: desk.taken), "mail that was put off is tried again", desk.tries)
        time.sleep(6)
        check((desk.tries, len(desk.taken)) == (2, 1), "and sent once", desk.tries)
        check("was disabled" in desk.newest().get_content(), "the owner is told", desk.newest())
        check(ann["email"] not in service.log.read_text(), "no address is in the log")
    controller.stop()


plainly()
safely()
refused_and_put_off()
finish()
