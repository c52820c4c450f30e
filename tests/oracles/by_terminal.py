"""A person at a terminal: every way to sign in with `latchkey sign-in`, and the demo, under a pseudo-terminal."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pexpect

from harness import accounts, check, finish, sent_code, totp_codes, world, wrong_totp

LATCHKEY = str(Path(world["binaries"]) / "latchkey")
SECONDS = 30


class Device:
    """One machine with nothing kept on it."""

    def __init__(self, folder, base=world["base"]):
        self.places = {"LATCHKEY_STATE_DIR": f"{folder}/state", "LATCHKEY_RUNTIME_DIR": f"{folder}/run",
                       "LATCHKEY_CONFIG": "/dev/null", "LATCHKEY_SERVICE": base}

    def terminal(self, *words):
        child = pexpect.spawn(LATCHKEY, list(words), env=self.places, encoding="utf-8", timeout=SECONDS)
        child.delaybeforesend = None
        child.seen = []
        child.logfile_read = Screen(child.seen)
        return child

    def run(self, *words, **named):
        return subprocess.run([LATCHKEY, *words], env=self.places, capture_output=True, text=True, timeout=SECONDS, **named)

    def status(self):
        return json.loads(self.run("status", "--json").stdout)


class Screen:
    """Keeps all that the terminal showed."""

    def __init__(self, seen):
        self.seen = seen

    def write(self, text):
        self.seen.append(text)

    def flush(self):
        pass


def device(base=world["base"]):
    folder = tempfile.TemporaryDirectory(prefix="latchkey-terminal-")
    found = Device(folder.name, base)
    found.folder = folder
    return found


def begin(where, account):
    """As far as the question after the password."""
    child = where.terminal("sign-in")
    child.expect("E-mail: ")
    child.sendline(account["email"])
    child.expect("Password: ")
    child.sendline(account["password"])
    return child


def signed_in(child, account):
    """To the end; nothing secret was shown on the way."""
    child.expect(r"Signed in as (\S+)\. The access key is (\S+)\.")
    key = child.match[2]
    child.expect(pexpect.EOF)
    child.close()
    screen = "".join(child.seen)
    check(child.exitstatus == 0, f"signing in as {account['email']} ends with 0", child.exitstatus)
    check(account["password"] not in screen, "the password is not shown", screen)
    return key


def with_authenticator():
    account, here = accounts["totp"], device()
    child = begin(here, account)
    child.expect("Code from your authenticator app.*: ")
    child.sendline("12345")
    child.expect("The code is six digits")
    child.expect("Code from your authenticator app.*: ")
    child.sendline("")
    child.expect("type 'recover'")
    child.expect("Code from your authenticator app.*: ")
    child.sendline(wrong_totp(account))
    child.expect("That code is not right")
    child.expect("Code from your authenticator app.*: ")
    code = totp_codes(account)[0]
    child.sendline(f" {code[:3]} {code[3:]}")
    key = signed_in(child, account)
    kept = here.status()
    check((kept["key"], kept["owner"]["email"]) == (key, account["email"]), "the key is kept", kept)
    asked = here.run("graphql", "{ login { email } }")
    check(json.loads(asked.stdout)["data"]["login"]["email"] == account["email"], "the key signs a request", asked)


def with_running_agent():
    account, here = accounts["totp_slow"], device()
    agent = subprocess.Popen([LATCHKEY, "run", "--panel-listen", "127.0.0.1:0"], env=here.places, stderr=subprocess.PIPE, text=True)
    try:
        for line in agent.stderr:
            if "panel listens" in line:
                break
        check(here.status()["agent"] == "running", "the agent answers")
        child = begin(here, account)
        child.expect("Code from your authenticator app.*: ")
        child.sendline(totp_codes(account)[1])
        key = signed_in(child, account)
        kept = here.status()
        check(kept["agent"] == "running" and kept["key"] == key, "a running agent learns of the key at once", kept)
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait(SECONDS)
    check(agent.returncode == 0, "the agent ends with 0 when it is told to stop", agent.returncode)


def with_text_message():
    account, here = accounts["sms"], device()
    child = begin(here, account)
    child.expect(r"A code was sent to (\S+)\.")
    check(account["phone"] not in child.match[1] and child.match[1].endswith(account["phone"][-4:]), "the number is masked", child.match[1])
    child.expect("Code from the text message.*: ")
    child.sendline(sent_code(account["phone"]))
    signed_in(child, account)


def with_choice():
    account, here = accounts["both"], device()
    child = begin(here, account)
    child.expect("Second factor: .*: ")
    child.sendline("pigeon")
    child.expect("'pigeon' is not one of")
    child.expect("Second factor: .*: ")
    child.sendline("sms")
    child.expect("Code from the text message.*: ")
    child.sendline(sent_code(account["phone"]))
    signed_in(child, account)


def with_recovery():
    account, here = accounts["totp_lost"], device()
    child = begin(here, account)
    child.expect("Code from your authenticator app.*: ")
    child.sendline("recover")
    child.expect("A code was sent to your e-mail address")
    child.expect("Code from the e-mail.*: ")
    child.sendline(sent_code(account["email"]))
    child.expect("Recovery code: ")
    child.sendline("00000000-0000-0000-0000-000000000000")
    child.expect("The recovery code is not right")
    if child.expect(["Recovery code: ", pexpect.EOF]) == 1:
        return recover_again(account, here)
    child.sendline(account["recovery_code"].upper().replace("-", " "))
    child.expect("Your second factor is off now")
    signed_in(child, account)


def recover_again(account, here):
    """The service lets nobody guess: a wrong recovery code ends the sign-in, and the right one still works."""
    child = begin(here, account)
    child.expect("Code from your authenticator app.*: ")
    child.sendline("recover")
    child.expect("Code from the e-mail.*: ")
    child.sendline(sent_code(account["email"]))
    child.expect("Recovery code: ")
    child.sendline(account["recovery_code"].upper().replace("-", " "))
    child.expect("Your second factor is off now")
    signed_in(child, account)


def refused():
    account, here = accounts["ascii"], device()
    child = here.terminal("sign-in", "--email", account["email"])
    for _ in range(3):
        child.expect("Password: ")
        child.sendline(account["password"] + " ")
        child.expect("E-mail or password is not right")
    child.expect(pexpect.EOF)
    child.close()
    check(child.exitstatus == 3, "three wrong passwords end with 3", child.exitstatus)
    check(here.status()["state"] == "absent", "nothing is kept after a refused sign-in")
    script = here.run("sign-in", input=f"{account['email']}\n{account['password']}\n")
    check(script.returncode == 0 and not script.stderr, "a script signs in with an answer per line", script)
    check(script.stdout.startswith("Signed in as "), "only the result goes to standard output", script.stdout)


def interrupted():
    """Ctrl-C at the password leaves a terminal that shows again what is typed."""
    here = device()
    shell = pexpect.spawn("/bin/sh", env={**here.places, "PS1": "ready> ", "PATH": os.environ["PATH"]}, encoding="utf-8", timeout=SECONDS)
    shell.expect("ready> ")
    shell.sendline(f"{LATCHKEY} sign-in --email ann@example.test")
    shell.expect("Password: ")
    check(not shell.getecho(), "the terminal does not echo the password")
    shell.sendintr()
    shell.expect("ready> ")
    shell.sendline("echo code=$?")
    shell.expect(r"code=(\d+)\r")
    check(shell.match[1] == "130", "an interrupted command ends with 130", shell.match[1])
    check(shell.getecho(), "the terminal echoes again")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def demo_for_scripts():
    """One JSON line, a sign-in with what it says, and nothing left behind."""
    demo = subprocess.Popen([LATCHKEY, "demo", "--json"], env={"LATCHKEY_CONFIG": "/dev/null"}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = json.loads(demo.stdout.readline())
        check(list(said) == ["panel", "panel_https", "cloud", "email", "password", "totp_secret", "recovery_code", "claim_code",
                             "broker"],
              "the line has the promised names", list(said))
        here = device(said["cloud"])
        child = begin(here, said)
        child.expect("Code from your authenticator app.*: ")
        child.sendline("recover")
        message = demo.stderr.readline()
        check(message.startswith(f"[mail to {said['email']}]"), "the mailed code is shown at the demo", message)
        child.terminate(force=True)
        child = begin(here, said)
        child.expect("Code from your authenticator app.*: ")
        child.sendline(totp_codes(said)[0])
        signed_in(child, said)
    finally:
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=SECONDS)
    check((demo.returncode, rest) == (0, ""), "the demo says one line and ends with 0", (demo.returncode, rest))
    check(not Path(said["broker"]).parent.parent.exists(), "the demo removes what it made")


def demo_for_people():
    """The page names everything; Enter shows the current code; a second start has the same account."""
    with tempfile.TemporaryDirectory(prefix="latchkey-demo-") as folder:
        passwords = [demo_page(folder) for _ in range(2)]
    check(passwords[0] == passwords[1], "a kept demo has the same account the second time", passwords)


def demo_page(folder):
    demo = pexpect.spawn(LATCHKEY, ["demo", "--state-dir", folder], env={"LATCHKEY_CONFIG": "/dev/null"}, encoding="utf-8", timeout=SECONDS)
    for word in ("Open +http://127.0.0.1:", "Claim code +[A-Z0-9-]+", "E-mail +", r"Password +(\S+)"):
        demo.expect(word)
    password = demo.match[1]
    demo.expect(r"Code +[0-9]{6} \([0-9]+ s left\)")
    demo.expect("Recovery code +")
    demo.expect("█")
    demo.expect("Enter shows the current code.")
    demo.sendline("")
    demo.expect(r"Code +[0-9]{6} \([0-9]+ s left\)")
    demo.sendintr()
    demo.expect(pexpect.EOF)
    demo.close()
    check(demo.exitstatus == 0, "Ctrl-C ends the demo in order", demo.exitstatus)
    return password


with_authenticator()
with_running_agent()
with_text_message()
with_choice()
with_recovery()
refused()
interrupted()
demo_for_scripts()
demo_for_people()
finish()
