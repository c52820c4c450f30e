"""systemd itself reads the units, and says how much they are exposed."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import check, finish, skip, world

UNITS = Path(__file__).parent.parent.parent / "systemd"
SOCKETS = ("latchkey-panel.socket", "latchkey-broker.socket", "latchkey-credentials.socket")
WANTED = ("Type=notify", "UMask=0077", "LimitCORE=0", "CapabilityBoundingSet=", "ProtectSystem=strict",
          "NoNewPrivileges=yes", "WatchdogSec=60")

# Directives of systemd 254, which Debian 12 passes over; with an older one here nobody judges them.
YOUNG = ("'RestartSteps'", "'RestartMaxDelaySec'")

if not shutil.which("systemd-analyze"):
    skip("there is no systemd-analyze")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def judge(name):
    lines = (UNITS / f"{name}.service").read_text(encoding="utf-8").splitlines()
    for wanted in (*WANTED, f"User={name}", f"StateDirectory={name}"):
        check(wanted in lines, f"the unit of {name} says {wanted}")
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / f"{name}.service"
        program = (Path(world["binaries"]) / name).resolve()
        text = "\n".join(lines).replace(f"/usr/bin/{name} ", f"{program} ")
        unit.write_text(text, encoding="utf-8")
        units = [unit]
        if name == "latchkey":
            units += [Path(shutil.copy(UNITS / socket, folder)) for socket in SOCKETS]
        verified = run("systemd-analyze", "verify", "--man=no", *units)
        complaints = [line for line in verified.stderr.splitlines()
                      if (folder in line or f"{name}." in line) and not any(key in line for key in YOUNG)]
        check(verified.returncode == 0 and not complaints, f"systemd understands every line of {name}", verified.stderr)
        rated = run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)
        exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", rated.stdout)
        check(exposure and float(exposure[1]) <= 1.5, f"{name} is exposed by 1.5 at most", rated.stdout[-200:])
    users = run("systemd-sysusers", "--dry-run", str(UNITS / "sysusers" / f"{name}.conf"))
    check(users.returncode == 0 and name in users.stdout + users.stderr, f"the user of {name} can be made", users)


judge("latchkey-cloud")
judge("latchkey")
finish()
