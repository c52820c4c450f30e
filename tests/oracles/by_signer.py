"""A library or client signs a GraphQL request with an access key: accepted as signed, refused with any line changed.

    by_signer.py COMMAND...     the signer, see signers/; --fixed before it: method and URL are fixed in the client
"""

import base64
import datetime
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import time
from urllib.parse import urlsplit

import graphql
from aws import access_token
from harness import accounts, check, finish, service

account = accounts["ascii"]
QUERY = '{"query": "query { login { email } }"}'
FIXED = sys.argv[1] == "--fixed"
SIGNER = sys.argv[2:] if FIXED else sys.argv[1:]


def signer(verb, key, skew=0, **told):
    """What the signer prints; its request is one to our service unless TOLD says otherwise, its clock wrong by SKEW."""
    request = {"method": "POST", "url": service["graphql"], "body": QUERY, "key_id": key[0], "secret": key[1],
               "at": int(time.time()) + skew, **told}
    environment = {f"SIGN_{name.upper()}": str(value) for name, value in request.items()}
    return subprocess.run([*SIGNER, verb], env={**os.environ, **environment}, check=True, capture_output=True,
                          text=True).stdout


def signed(key, **told):
    """A request as signed by the client: what goes over the wire."""
    headers = dict(line.split(": ", 1) for line in signer("sign", key, **told).splitlines())
    headers = {name.lower(): value for name, value in headers.items()}
    headers.setdefault("host", urlsplit(service["graphql"]).netloc)
    return {"method": "POST", "target": urlsplit(service["graphql"]).path, "headers": headers, "body": told.get("body", QUERY)}


def changed(request, headers=None, **parts):
    """The same with other parts; a header that is None is left out."""
    merged = {**request["headers"], **(headers or {})}
    return {**request, **parts, "headers": {name: value for name, value in merged.items() if value is not None}}


def send(request):
    """Sends exactly these lines; status and body of the answer."""
    connection = http.client.HTTPConnection(urlsplit(service["graphql"]).netloc, timeout=10)
    connection.putrequest(request["method"], request["target"], skip_host=True, skip_accept_encoding=True)
    for name, value in request["headers"].items():
        connection.putheader(name, value)
    connection.endheaders(request["body"].encode())
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode()
    connection.close()
    return status, text


def accepts(request, sentence):
    status, text = send(request)
    email = status == 200 and json.loads(text).get("data", {}).get("login", {}).get("email")
    check(email == account["email"], f"accepted: {sentence}", f"{status} {text}")


def refuses(request, sentence):
    status, text = send(request)
    check(status in (401, 403) and account["email"] not in text and text.strip(), f"refused: {sentence}",
          f"{status} {text}")


def says_why(request, code, *words):
    """A refusal is JSON with one word for programs and a sentence for people."""
    status, text = send(request)
    error = json.loads(text)["errors"][0]
    seen = (status, error["extensions"]["code"])
    check(seen == (401, code) and all(word in error["message"] for word in words), f"refused with the reason {code}", text)


def covered_names(request):
    """The header names that the signature covers."""
    stated = request["headers"].get("signature-input") or request["headers"]["authorization"]
    listed = re.search(r'headers="([^"]*)"|\(("[^)]*")\)', stated)
    return (listed[1] or listed[2].replace('"', "")).split()


def sends_itself(key):
    status, _, text = signer("send", key).partition("\n")
    check(status == "200" and account["email"] in text, "accepted: as the client itself sends it", f"{status} {text}")
    status = signer("send", (key[0], other_secret())).partition("\n")[0]
    check(status in ("401", "403", "Incorrect auth"), "refused: the client itself with a wrong secret", status)


def other_secret():
    return base64.b64encode(secrets.token_bytes(30)).decode()


def signed_with_something_else(key):
    refuses(signed((key[0], other_secret())), "a wrong secret")
    refuses(signed((key[0], base64.b64encode(key[1].encode()).decode())), "the secret's text in place of its bytes")
    refuses(signed(("AAAAAAAAAAAAAAAAAAAA", key[1])), "an unknown key")
    accepts(signed(key, skew=-270), "a clock that is 270 s behind")
    accepts(signed(key, skew=290), "a clock that is 290 s ahead")
    refuses(signed(key, skew=-301), "a clock that is 301 s behind")
    refuses(signed(key, skew=330), "a clock that is 330 s ahead")  # signing takes time, so not just 301


def signed_for_something_else(key):
    base, here = service["graphql"], urlsplit(service["graphql"]).netloc
    refuses(changed(signed(key, url=base.replace(here, "elsewhere.test")), headers={"host": here}),
            "a signature for another host")
    refuses(signed(key, url=base.replace("/graphql/v1", "/graphql/beta")), "a signature for another path")
    refuses(signed(key, url=f"{base}?query=x"), "a signature for another query")
    refuses(signed(key, method="PUT"), "a signature for another method")


def covers_more_or_less(key):
    """The lists of the other clients are accepted too; a list that leaves open where or when a request goes is not."""
    if "signature-input" in signed(key)["headers"]:
        enough, little = ("@method @authority @target-uri",), ("date", "@method date", "@method @authority")
    else:
        enough = ("(request-target) host date", "(request-target) host date content-type")
        little = ("date", "(request-target) date", "(request-target) host", "host date")
    for names in enough:
        accepts(signed(key, covered=names), f"a signature that covers {names}")
    for names in little:
        refuses(signed(key, covered=names), f"a signature that covers only {names}")


def changed_on_the_way(key):
    request = signed(key)
    names = [name for name in covered_names(request) if name[0] not in "(@"]
    signature = "signature" if "signature" in request["headers"] else "authorization"
    refuses(changed(request, target=request["target"] + "?query=x"), "another target")
    refuses(changed(request, headers={"host": "elsewhere.test"}), "another host")
    refuses(changed(request, headers={signature: None}), "no signature")
    refuses(changed(request, headers={signature: other_signature(request["headers"][signature])}), "another signature")
    for name in set(names) - {"host", "content-length"}:
        refuses(changed(request, headers={name: None}), f"without the covered header {name}")
        refuses(changed(request, headers={name: other_letter(request["headers"][name])}), f"another {name}")
    if {"digest", "content-digest"} & set(names):
        refuses(changed(request, body=QUERY.replace("email", "admin")), "another body")
    if "content-length" in names:
        longer = QUERY + " "
        refuses(changed(request, headers={"content-length": str(len(longer))}, body=longer), "a longer body")
    accepts(request, "the same request, unchanged, after all that")


def other_signature(value):
    """VALUE with another first letter of the signature."""
    return re.sub(r'(signature="|=:)(.)', lambda found: found[1] + ("A" if found[2] != "A" else "B"), value)


def other_letter(value):
    """VALUE with one letter or digit changed, near its end."""
    place = max(index for index, letter in enumerate(value[:-3]) if letter.isalnum())
    return value[:place] + ("1" if value[place] != "1" else "2") + value[place + 1:]


def refusals_say_why(key):
    says_why(signed(("AAAAAAAAAAAAAAAAAAAA", key[1])), "KEY_UNKNOWN", "AAAAAAAAAAAAAAAAAAAA")
    says_why(signed((key[0], other_secret())), "WRONG_SIGNATURE")
    says_why(signed(key, skew=-400), "CLOCK_OFF", "off by -4", "at most 300 s")
    for name in set(covered_names(signed(key))) & {"content-type", "digest", "content-digest"}:
        says_why(changed(signed(key), headers={name: None}), "HEADER_MISSING", f"'{name}'")


def told_to(request):
    """The GraphQL answer to a request whose signature is right."""
    status, text = send(request)
    check(status == 200, "a right signature is answered as GraphQL does", f"{status} {text}")
    return json.loads(text)


def scopes_and_ends(token):
    """Each key is retired by the account's own token, so that there is room for the next one."""
    make = json.dumps({"query": "mutation { createAccessKey { key secret } }"})
    keys = json.dumps({"query": "query { login { accessKeys { key name scope } } }"})
    read = graphql.new_key(token, name="attic", scope="read")
    listed = told_to(signed(read, body=keys))["data"]["login"]["accessKeys"]
    check({"key": read[0], "name": "attic", "scope": "read"} in listed, "a read key sees its own name and scope", listed)
    check(told_to(signed(read, body=make))["errors"][0]["extensions"]["code"] == "NOT_ALLOWED", "and makes no key")
    retire(token, read)
    device = graphql.new_key(token, scope="sign-in-device")
    accepts(signed(device), "a device's key asks whose it is")
    for body in (keys, make):
        refused = told_to(signed(device, body=body))["errors"][0]["extensions"]["code"]
        check(refused == "NOT_ALLOWED", "a device's key manages no keys", refused)
    retire(token, device)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3)
    ending = graphql.new_key(token, expires=soon.isoformat())
    accepts(signed(ending), "a key before its end")
    deadline = time.monotonic() + 10
    while send(signed(ending))[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    says_why(signed(ending), "KEY_EXPIRED", ending[0])
    retire(token, ending)


def changes_count_once(token, key):
    """A change that comes twice is a conflict; a look is not."""
    body = json.dumps({"query": f'mutation {{ updateAccessKey(key: "{key[0]}", name: "attic") {{ name }} }}'})
    request = signed(key, body=body)
    check(told_to(request)["data"]["updateAccessKey"]["name"] == "attic", "a signed change is made")
    status, text = send(request)
    check(status == 409 and "REPEATED" in text, "the same change again is refused as a repetition", f"{status} {text}")
    accepts(signed(key), "and the key goes on")


def retire(token, key):
    graphql.enable_key(token, key[0], False)
    graphql.delete_key(token, key[0])


def key_comes_and_goes(token, key):
    request = signed(key)
    graphql.enable_key(token, key[0], False)
    refuses(request, "a disabled key")
    says_why(request, "KEY_DISABLED", key[0])
    graphql.enable_key(token, key[0], True)
    accepts(request, "the key enabled again")
    graphql.enable_key(token, key[0], False)
    graphql.delete_key(token, key[0])
    refuses(request, "a deleted key")


token = access_token(account)
key = graphql.new_key(token)
accepts(signed(key), "as signed")
sends_itself(key)
signed_with_something_else(key)
if not FIXED:
    signed_for_something_else(key)
    covers_more_or_less(key)
    refusals_say_why(key)
    scopes_and_ends(token)
    changes_count_once(token, key)
changed_on_the_way(key)
key_comes_and_goes(token, key)
finish()
