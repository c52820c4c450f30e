"""boto3 at a service behind a proxy: whoever fails too often waits, hears for how long, and moves nobody else."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import check, finish
from own_service import outbox, own_service, person

SETTINGS = 'trusted_proxies = ["127.0.0.1"]\nfailures_per_source = 3\n'


def client_behind(service, forwarded):
    """A client whose requests the proxy passes on with that header."""
    client = boto3.client("cognito-idp", region_name=service.discovery["region"], endpoint_url=service.base,
                          aws_access_key_id="none", aws_secret_access_key="none",
                          config=Config(retries={"total_max_attempts": 1}))
    client.meta.events.register("before-send.cognito-idp",
                                lambda request, **_: request.headers.update({"X-Forwarded-For": forwarded}))
    return client


def sign_in(client, service, email, password):
    """Tokens, or the error."""
    try:
        return client.initiate_auth(ClientId=service.discovery["client_id"], AuthFlow="USER_PASSWORD_AUTH",
                                    AuthParameters={"USERNAME": email, "PASSWORD": password})
    except ClientError as error:
        return error


def name_of(outcome):
    return outcome.response["Error"]["Code"] if isinstance(outcome, ClientError) else "signed in"


with own_service(SETTINGS) as service:
    account = person(service, "ascii")
    guesser, other = client_behind(service, "198.51.100.7"), client_behind(service, "203.0.113.9")
    forger = client_behind(service, "192.0.2.1, 198.51.100.7")
    for number in range(4):
        outcome = sign_in(guesser, service, f"{number}@example.test", "not-the-password")
        check(name_of(outcome) == "NotAuthorizedException", f"failure {number + 1} is told as such", outcome)
    refused = sign_in(guesser, service, account["email"], account["password"])
    check(isinstance(refused, guesser.exceptions.TooManyRequestsException), "then boto3 raises TooManyRequests", refused)
    answered = refused.response["ResponseMetadata"]
    check(answered["HTTPStatusCode"] == 400, "with Cognito's status 400", answered)
    wait = int(answered["HTTPHeaders"].get("retry-after", 0))
    check(1 <= wait <= 5, "Retry-After says how many seconds", answered["HTTPHeaders"])
    check("Try again in" in refused.response["Error"]["Message"], "and so does the message", refused)
    check(name_of(sign_in(forger, service, account["email"], account["password"])) == "TooManyRequestsException",
          "a forged hop in X-Forwarded-For does not help")
    check(name_of(sign_in(other, service, account["email"], account["password"])) == "signed in",
          "somebody elsewhere does not feel it")
    check(not outbox(service), "nobody was mailed")
finish()
