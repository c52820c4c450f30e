"""The account service under judgement: started from a built binary, seeded through its own command line."""

import json
import os
import re
import secrets
import select
import subprocess
import urllib.request
from pathlib import Path

# What the password of an account is drawn from; the second alphabet reaches every length of UTF-8.
ASCII = "".join(map(chr, range(0x21, 0x7F)))
UTF8 = ASCII + "äöüßéøñÇŁжЯλΩשع中文字かな한🙂🦀𝄞"


class Service:
    """`latchkey-cloud serve` on a free port of the loopback; SETTINGS is what its settings file says."""

    def __init__(self, binaries: Path, folder: Path, settings="", environment=None):
        self.program = binaries / "latchkey-cloud"
        self.state = folder / "cloud"
        self.log = folder / "cloud.log"
        self.settings = folder / "latchkey-cloud.toml"
        self.settings.write_text(settings, encoding="utf-8")
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command("serve", "--listen", "127.0.0.1:0"), env=self.environment,
                stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True)
        try:
            self.base = self.read_base()
            if self.base.startswith("http:"):
                with urllib.request.urlopen(f"{self.base}/.well-known/latchkey", timeout=10) as answer:
                    self.discovery = json.load(answer)
        except Exception:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def read_base(self):
        """Its first line says where it listens."""
        said, _, _ = select.select([self.process.stdout], [], [], 30)
        found = re.search(r"https?://[0-9.]+:[0-9]+", self.process.stdout.readline()) if said else None
        if not found:
            raise RuntimeError(f"latchkey-cloud did not start: {self.log.read_text().strip() or 'it says nothing'}")
        return found[0]

    def command(self, *words):
        """A command of the service on the same state, as a judge may run it too."""
        return [str(self.program), *words, "--state-dir", str(self.state), "--config", str(self.settings)]

    def add_accounts(self, accounts):
        """Adds accounts and fills in what the service made for them."""
        lines = "".join(json.dumps(account, ensure_ascii=False) + "\n" for account in accounts)
        done = subprocess.run(self.command("account", "add", "--json-lines", "-"),
                              input=lines, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"latchkey-cloud account add: {done.stderr.strip()}")
        for account, added in zip(accounts, done.stdout.splitlines(), strict=True):
            account.update(json.loads(added))


def new_account(judge, kind):
    """An account for one judge. KIND says what it has: `ascii` or `utf8` (its password), `totp`, `sms`, `both`."""
    alphabet = ASCII if kind == "ascii" else UTF8
    account = {
        "email": f"{judge}.{kind}.{secrets.token_hex(4)}@example.test",
        "password": "".join(secrets.choice(alphabet) for _ in range(8 + secrets.randbelow(25))),
    }
    if kind.startswith(("totp", "both")):
        account["totp"] = True
    if kind.startswith(("sms", "both")):
        account["phone"] = f"+1206555{secrets.randbelow(10_000):04}"
    return account
