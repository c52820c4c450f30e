"""systemd itself reads the service's unit, and says how much it is exposed."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import check, finish, skip, world

UNITS = Path(__file__).parent.parent.parent / "systemd"
UNIT = "latchkey-cloud.service"
WANTED = ("Type=notify", "User=latchkey-cloud", "StateDirectory=latchkey-cloud", "UMask=0077", "LimitCORE=0",
          "CapabilityBoundingSet=", "ProtectSystem=strict", "NoNewPrivileges=yes", "WatchdogSec=60")

if not shutil.which("systemd-analyze"):
    skip("there is no systemd-analyze")

lines = (UNITS / UNIT).read_text(encoding="utf-8").splitlines()
for wanted in WANTED:
    check(wanted in lines, f"the unit says {wanted}")
with tempfile.TemporaryDirectory() as folder:
    unit = Path(folder) / UNIT
    program = Path(world["binaries"]) / "latchkey-cloud"
    unit.write_text("\n".join(lines).replace("/usr/bin/latchkey-cloud", str(program.resolve())), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    complaints = [line for line in verified.stderr.splitlines() if UNIT in line]
    check(verified.returncode == 0 and not complaints, "systemd understands every line", verified.stderr)
    rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit],
                           capture_output=True, text=True, timeout=60)
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", rated.stdout)
    check(exposure and float(exposure[1]) <= 1.5, "it is exposed by 1.5 at most", rated.stdout[-200:])
users = subprocess.run(["systemd-sysusers", "--dry-run", str(UNITS / "latchkey-cloud.sysusers")],
                       capture_output=True, text=True, timeout=60)
check(users.returncode == 0 and "latchkey-cloud" in users.stdout + users.stderr, "its user can be made", users)
finish()
