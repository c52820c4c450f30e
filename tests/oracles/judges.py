"""The table of judges: every program that nobody here wrote and that has a say about Latchkey."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = HERE / ".venv/bin/python"
NODE = "node"


@dataclass(frozen=True)
class Judge:
    name: str
    command: tuple
    #: Accounts made for this judge alone; `service.new_account` knows the kinds.
    accounts: tuple = ()
    #: Seconds until the judge is stopped and counts as failed.
    limit: int = 60


JUDGES = (
    Judge("pycognito", (PYTHON, "by_pycognito.py"), ("ascii", "utf8", "totp", "sms", "refused")),
)
