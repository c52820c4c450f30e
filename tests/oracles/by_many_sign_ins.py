"""200 people, each with a random UTF-8 password, sign in by SRP one after the other; none fails.

A padding mistake in SRP shows once in 256 exchanges or less: one sign-in proves little.
"""

import time

from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from aws import client
from harness import accounts, check, finish, service


def signs_in(account):
    person = AWSSRP(username=account["email"], password=account["password"], client=client,
                    pool_id=service["user_pool_id"], client_id=service["client_id"])
    try:
        return person.authenticate_user()["AuthenticationResult"]["AccessToken"]
    except ClientError as error:
        return error


started = time.monotonic()
for kind, account in accounts.items():
    token = signs_in(account)
    check(isinstance(token, str), f"{kind} signs in", f"{token}, with the password {account['password']!r}")
print(f"# {len(accounts)} sign-ins in {time.monotonic() - started:.1f} s")
finish()
