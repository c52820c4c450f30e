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
    limit: int = 120


def signer(name, *command):
    return Judge(name, (PYTHON, "by_signer.py", *command), ("ascii",))


JUDGES = (
    Judge("pycognito", (PYTHON, "by_pycognito.py"), ("ascii", "utf8", "totp", "sms", "refused")),
    Judge("cognito-identity-js", (NODE, "by_cognito_identity_js.mjs"),
          ("ascii", "utf8", "plain", "totp", "totp_lost", "totp_kept", "sms", "both", "refused")),
    Judge("cognito-srp-helper", (NODE, "by_srp_helper.mjs"), ("ascii", "utf8", "totp", "sms", "refused")),
    Judge("boto3", (PYTHON, "by_boto3.py"), ("utf8", "totp", "sms", "refused", "guessed", "totp_guessed")),
    Judge("boto3-accounts", (PYTHON, "by_boto3_accounts.py"), ("ascii", "utf8", "totp", "forgotten", "guessed")),
    Judge("pycognito-accounts", (PYTHON, "by_pycognito_accounts.py")),
    Judge("cognito-identity-js-accounts", (NODE, "by_cognito_identity_js_accounts.mjs"), ("ascii", "utf8")),
    Judge("boto3-limits", (PYTHON, "by_limits.py")),
    Judge("authenticator", (PYTHON, "by_authenticator.py"),
          ("totp_apps", "totp_once", "totp_window", "totp_window_again", "totp_typed")),
    Judge("factors", (PYTHON, "by_factors.py"), ("plain_boto3", "plain_pycognito", "plain_sms", "sms_panel", "sms_resend")),
    Judge("terminal", (PYTHON, "by_terminal.py"),
          ("totp", "totp_lost", "totp_slow", "sms", "both", "ascii"), limit=180),
    Judge("curl", (PYTHON, "by_curl.py"), ("ascii",)),
    Judge("openapi", (PYTHON, "by_openapi.py"), ("totp",)),
    Judge("two-instances", ("../with_postgres", PYTHON, "by_two_instances.py"), limit=180),
    Judge("many-sign-ins", (PYTHON, "by_many_sign_ins.py"), tuple(f"utf8_{i}" for i in range(200)), limit=180),
    Judge("aiosmtpd", (PYTHON, "by_aiosmtpd.py")),
    Judge("sms", (PYTHON, "by_sms.py")),
    Judge("openssl-s_client", (PYTHON, "by_s_client.py")),
    Judge("openssl-panel", (PYTHON, "by_openssl_panel.py")),
    Judge("prometheus", (PYTHON, "by_prometheus.py")),
    Judge("systemd-analyze", (PYTHON, "by_systemd_analyze.py")),
    signer("httpsig", ".venv-httpsig/bin/python", "signers/with_httpsig.py"),
    signer("http-signature", NODE, "signers/with_http_signature.mjs"),
    signer("openssl", "bash", "signers/with_openssl.sh"),
    signer("http-message-signatures", NODE, "signers/with_http_message_signatures.mjs"),
    signer("requests-http-signature", PYTHON, "signers/with_requests_http_signature.py"),
    Judge("google", (NODE, "by_google.mjs"), limit=180),
    Judge("chromium", (NODE, "by_chromium.mjs"), limit=400),
    Judge("portal", (NODE, "by_portal.mjs"), limit=400),
    signer("remoteit-ssh", "--fixed", ".venv-remoteit-ssh/bin/python", "signers/with_remoteit_ssh.py"),
)
