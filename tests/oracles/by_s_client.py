"""OpenSSL's s_client and curl meet the service's own TLS: versions, chain, and a certificate that is renewed while it runs."""

import re
import shutil
import signal
import subprocess
import time

from harness import check, finish
from own_service import VECTORS, own_service

CA = str(VECTORS / "ca.pem")


def settings(folder):
    for name in ("localhost.pem", "localhost.key"):
        shutil.copy(VECTORS / name, folder / name)
    return f'[tls]\ncertificate = "{folder}/localhost.pem"\nkey = "{folder}/localhost.key"\n'


def s_client(address, *words):
    done = subprocess.run(["openssl", "s_client", "-connect", address, "-CAfile", CA, "-verify_return_error",
                           "-verify_hostname", "localhost", "-alpn", "h2,http/1.1", *words],
                          input="", capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def begins(address):
    shown = subprocess.run(["openssl", "s_client", "-connect", address], input="", capture_output=True, text=True, timeout=30)
    dates = subprocess.run(["openssl", "x509", "-noout", "-startdate"], input=shown.stdout, capture_output=True, text=True)
    return dates.stdout


with own_service(settings) as service:
    check(service.base.startswith("https://"), "it says that it serves HTTPS", service.base)
    address = service.base.removeprefix("https://")
    for version in ("tls1_2", "tls1_3"):
        code, said = s_client(address, f"-{version}")
        check(code == 0 and "Verify return code: 0 (ok)" in said, f"{version} works, and the chain is right", said[-400:])
        check("ALPN protocol: http/1.1" in said, f"{version} agrees on HTTP/1.1", said[-400:])
    for version in ("tls1", "tls1_1"):
        code, said = s_client(address, f"-{version}", "-cipher", "DEFAULT:@SECLEVEL=0")
        check(code != 0, f"{version} is too old", said[-400:])
    port = address.rpartition(":")[2]
    healthy = subprocess.run(["curl", "--silent", "--cacert", CA, f"https://localhost:{port}/health"],
                             capture_output=True, text=True, timeout=30)
    check('"status":"ok"' in healthy.stdout.replace(" ", ""), "curl trusts it", healthy)
    plain = subprocess.run(["curl", "--silent", "--show-error", f"http://localhost:{port}/health"],
                           capture_output=True, text=True, timeout=30)
    check(plain.returncode != 0 and "ok" not in plain.stdout, "plain HTTP gets nothing there", plain)
    discovery = subprocess.run(["curl", "--silent", "--cacert", CA, f"https://localhost:{port}/.well-known/latchkey"],
                               capture_output=True, text=True, timeout=30).stdout
    check("https://127.0.0.1" in discovery and "http://" not in discovery, "its own addresses are https", discovery)

    folder = service.settings.parent
    check("2119" not in begins(address), "the first certificate is of our time")
    shutil.copy(VECTORS / "localhost-from-2119.pem", folder / "localhost.pem")
    service.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while "2119" not in begins(address) and time.monotonic() < end:
        time.sleep(0.1)
    check("2119" in begins(address), "SIGHUP brings the renewed one", begins(address))
    shutil.copy(VECTORS / "localhost.pem", folder / "localhost.pem")
    end = time.monotonic() + 30
    while "2119" in begins(address) and time.monotonic() < end:
        time.sleep(0.5)
    check("2119" not in begins(address), "and a change of the file does by itself", begins(address))
    (folder / "localhost.pem").write_text("nonsense")
    service.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    check(re.search("notBefore", begins(address)), "a broken file leaves the old one in use", begins(address))
    check("the certificate in use stays" in service.log.read_text(), "and says so")
finish()
