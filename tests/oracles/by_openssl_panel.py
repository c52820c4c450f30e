"""OpenSSL and curl meet the panel's own TLS: versions, ciphers, the device's authority and what it may vouch for."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import check, finish, world

VECTORS = Path(__file__).parent.parent / "vectors/tls"
NOTICE = "run/panel.json"


@contextmanager
def agent(folder, settings="", by=(), knock=None):
    """`latchkey run` on a free port of the loopback, or started BY a program that waits for somebody to KNOCK; gives HOST:PORT."""
    config = folder / "latchkey.toml"
    config.write_text(f'service = "http://127.0.0.1:1"\n[panel]\nlisten = ["127.0.0.1:0"]\n{settings}')
    with (folder / "agent.log").open("a") as log:
        process = subprocess.Popen(
            [*by, str(Path(world["binaries"]) / "latchkey"), "run", "--config", str(config),
             "--state-dir", str(folder / "state"), "--runtime-dir", str(folder / "run")],
            env={name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")},
            stdout=subprocess.DEVNULL, stderr=log)
    try:
        end = time.monotonic() + 30
        if knock:
            run("curl", "--silent", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", f"http://127.0.0.1:{knock}/ca")
        while not (folder / NOTICE).exists() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        yield json.loads((folder / NOTICE).read_text())["urls"][0].removeprefix("http://")
    finally:
        process.terminate()
        process.wait(20)


def run(*words, given=""):
    done = subprocess.run([str(word) for word in words], input=given, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def s_client(address, *words):
    return run("openssl", "s_client", "-connect", address, *words)


def shown(address, *words):
    """The leaf that the panel shows, as `openssl x509` tells it."""
    return run("openssl", "x509", "-noout", *words, given=s_client(address)[1])[1]


def curl(url, *words):
    return run("curl", "--silent", "--show-error", url, *words)


def a_copy_of_the_authority(folder, ca):
    """A root with a key of our own and every constraint of the device's, as a thief of its key would have."""
    key, root = folder / "thief.key", folder / "thief.pem"
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    code, said = run("openssl", "x509", "-in", ca, "-out", root, "-signkey", key, "-preserve_dates")
    check(code == 0 and "Name Constraints: critical" in run("openssl", "x509", "-in", root, "-noout", "-text")[1],
          "a thief's copy keeps the constraints", said)
    return key, root


def signed_for(folder, key, root, subject):
    request, leaf, extensions = folder / "leaf.csr", folder / "leaf.pem", folder / "leaf.cnf"
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=leaf",
        "-keyout", folder / "leaf.key", "-out", request)
    extensions.write_text(f"subjectAltName={subject}\nextendedKeyUsage=serverAuth\n")
    run("openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-days", "30",
        "-extfile", extensions, "-out", leaf)
    return run("openssl", "verify", "-CAfile", root, leaf)


with TemporaryDirectory(prefix="latchkey-judge-") as name:
    folder = Path(name)
    with agent(folder) as address:
        port = address.rpartition(":")[2]
        ca = folder / "ca.crt"
        code, said = curl(f"http://{address}/ca.crt", "--output", str(ca), "--write-out", "%{http_code} %{content_type}")
        check(said == "200 application/x-x509-ca-cert", "plain HTTP gives the authority", said)
        for version in ("tls1_2", "tls1_3"):
            for host in ("localhost", "127.0.0.1"):
                wanted = ("-verify_ip", host) if host[0].isdigit() else ("-verify_hostname", host)
                code, said = s_client(address, f"-{version}", "-CAfile", str(ca), "-verify_return_error", *wanted)
                check(code == 0 and "Verify return code: 0 (ok)" in said, f"{version} to {host}: the chain is right", said[-400:])
        for version in ("tls1", "tls1_1"):
            code, said = s_client(address, f"-{version}", "-cipher", "DEFAULT:@SECLEVEL=0")
            check(code != 0, f"{version} is too old", said[-400:])
        for weak in ("NULL", "eNULL", "aNULL", "RC4", "3DES", "MD5", "PSK", "kRSA", "CBC", "SHA1", "CAMELLIA"):
            code, said = s_client(address, "-tls1_2", "-cipher", f"{weak}:@SECLEVEL=0")
            check(code != 0, f"no cipher with {weak}", said[-400:])
        code, said = s_client(address, "-tls1_2", "-no_ems", "-legacy_renegotiation")
        check("Secure Renegotiation IS NOT" not in said or code != 0, "no insecure renegotiation", said[-400:])

        text = run("openssl", "x509", "-in", ca, "-noout", "-text")[1]
        check("ASN1 OID: prime256v1" in text, "the authority is P-256", text)
        check(re.search(r"Basic Constraints: critical\s+CA:TRUE, pathlen:0", text), "it signs leaves only", text)
        check(re.search(r"Name Constraints: critical\s+Permitted:", text), "its names are constrained, critically", text)
        check("IP:192.168.0.0/255.255.0.0" in text and "DNS:local" in text, "to the local network", text)
        sha256 = run("openssl", "x509", "-in", ca, "-noout", "-fingerprint", "-sha256")[1].strip().partition("=")[2]
        told = json.loads((folder / NOTICE).read_text())["certificate"]
        check(told["sha256"] == sha256, "the fingerprint is OpenSSL's too", told)
        check(len(told["words"].split()) == 6, "and six words", told)
        check(told["words"] in curl(f"https://localhost:{port}/ca", "--cacert", str(ca))[1], "the page shows the words")
        check(told["words"] in (folder / "agent.log").read_text(), "and the log")

        leaf = shown(address, "-text")
        check("TLS Web Server Authentication" in leaf and "CA:TRUE" not in leaf, "the leaf is a server's", leaf)
        begins, ends = (run("date", "-d", shown(address, word).partition("=")[2].strip(), "+%s")[1]
                        for word in ("-startdate", "-enddate"))
        check(0 < int(ends) - int(begins) < 100 * 24 * 3600, "the leaf is short-lived", (begins, ends))

        key, root = a_copy_of_the_authority(folder, ca)
        code, said = signed_for(folder, key, root, "DNS:raspberrypi.local")
        check(code == 0, "the constraints allow local names", said)
        for foreign in ("DNS:www.bank.example", "DNS:example.com", "IP:203.0.113.7", "IP:2001:db8::1"):
            code, said = signed_for(folder, key, root, foreign)
            check(code != 0 and "permitted subtree violation" in said, f"they forbid {foreign}", said)

        code, said = curl(f"http://{address}/claim", "--write-out", "%{http_code}")
        check(said.endswith("200") and "Claim code" in said, "plain HTTP on the loopback is the same panel", said[-200:])
        code, said = curl(f"https://127.0.0.1:{port}/claim", "--cacert", str(ca), "--dump-header", "-")
        check("200" in said.splitlines()[0] and "Claim code" in said, "HTTPS is too", said[:200])
        check("__Host-latchkey-visitor" in said and "Secure" in said, "with cookies that stay on HTTPS", said[:900])
        check("strict-transport-security" not in said.lower(), "and nothing that would lock plain HTTP out", said[:900])

    with agent(folder) as address:
        code, said = s_client(address, "-CAfile", str(ca), "-verify_return_error", "-verify_ip", "127.0.0.1")
        check(code == 0, "after a restart the authority is the same", said[-400:])

    if shutil.which("systemd-socket-activate"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with agent(folder, by=("systemd-socket-activate", "-l", f"127.0.0.1:{port}"), knock=port) as address:
            check(address == f"127.0.0.1:{port}", "systemd may bind the socket", address)
            code, said = curl(f"https://localhost:{port}/ca", "--cacert", str(ca))
            check(code == 0 and told["words"] in said, "and it speaks TLS too", said[-300:])

    own = folder / "own.pem"
    own.write_bytes((VECTORS / "localhost.pem").read_bytes())
    settings = f'certificate = "{own}"\ncertificate_key = "{VECTORS / "localhost.key"}"\n'
    with agent(folder, settings) as address:
        def becomes(sign, within=30):
            end = time.monotonic() + within
            while sign not in shown(address, "-startdate") and time.monotonic() < end:
                time.sleep(0.2)
            return sign in shown(address, "-startdate")

        code, said = s_client(address, "-CAfile", str(VECTORS / "ca.pem"), "-verify_return_error")
        check(code == 0, "an owner's own certificate is shown", said[-400:])
        own.write_bytes((VECTORS / "localhost-from-2119.pem").read_bytes())
        check(becomes("2119"), "and the next one without a restart", shown(address, "-startdate"))
        own.write_text("nonsense")
        time.sleep(5)
        check(becomes("2119"), "a broken file leaves the old one in use", shown(address, "-startdate"))
        check("holds no certificate" in json.dumps(json.loads((folder / NOTICE).read_text())["problems"]), "and is told")
finish()
