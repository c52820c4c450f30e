"""GraphQL with an access token: how an account's access keys come and go."""

import json
import urllib.request

from harness import service


def ask(token, query, **variables):
    """The `data` of an answer; a refusal or an error ends the judge."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(service["graphql"], body, {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        reply = json.load(answer)
    if reply.get("errors"):
        raise RuntimeError(reply["errors"][0]["message"])
    return reply["data"]


def new_key(token, **wish):
    """(id, secret as base64). WISH: name, scope and expires, which clients of remote.it never send."""
    told = ", ".join(f"{name}: {json.dumps(value)}" for name, value in wish.items())
    arguments = f"({told})" if told else ""
    key = ask(token, f"mutation {{ createAccessKey{arguments} {{ key secret }} }}")["createAccessKey"]
    return key["key"], key["secret"]


def enable_key(token, key, enabled):
    ask(token, "mutation($key:String!,$enabled:Boolean!){ updateAccessKey(key:$key, enabled:$enabled){ key enabled } }",
        key=key, enabled=enabled)


def delete_key(token, key):
    ask(token, "mutation($key:String!){ deleteAccessKey(key:$key) }", key=key)
