"""boto3 against the service, for the judges that speak through Amazon's own Python client."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import check, service

client = boto3.client("cognito-idp", region_name=service["region"], endpoint_url=service["cognito_endpoint"],
                      aws_access_key_id="none", aws_secret_access_key="none",
                      config=Config(retries={"total_max_attempts": 1}))


def refusal(action, *arguments, **named):
    """The error that an action ends in, or None."""
    try:
        action(*arguments, **named)
    except ClientError as error:
        return error
    return None


def name_of(error):
    return error.response["Error"]["Code"] if error else "no error"


def message_of(error):
    return error.response["Error"]["Message"] if error else ""


def is_typed(error, name, when):
    """An error is raised as its own class, with status 400 and the header that some clients read instead."""
    check(name_of(error) == name, f"{when}: {name}", f"{name_of(error)}: {message_of(error)}")
    check(isinstance(error, getattr(client.exceptions, name)), f"{when}: raised as its class")
    answered = error.response["ResponseMetadata"]
    check(answered["HTTPStatusCode"] == 400, f"{when}: status 400", answered["HTTPStatusCode"])
    check(answered["HTTPHeaders"].get("x-amzn-errortype", "").split(":")[0] == name,
          f"{when}: named in x-amzn-errortype", answered["HTTPHeaders"])
    check(message_of(error), f"{when}: says why")


def begin(account, password=None):
    """The answer to e-mail and password: tokens or a challenge."""
    return client.initiate_auth(ClientId=service["client_id"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
        "USERNAME": account["email"], "PASSWORD": password or account["password"]})


def answer(challenge, account, **responses):
    """The answer to a challenge's answer."""
    return client.respond_to_auth_challenge(
        ClientId=service["client_id"], ChallengeName=challenge["ChallengeName"], Session=challenge["Session"],
        ChallengeResponses={"USERNAME": account["email"], **responses})


def access_token(account):
    """The token of an account that has only a password."""
    return begin(account)["AuthenticationResult"]["AccessToken"]
