"""Prometheus' own parser reads what the service counts."""

import socket
import urllib.error
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import check, finish
from own_service import begin, cognito, own_service, person

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]


def scrape():
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.headers["content-type"], answer.read().decode()


with own_service(f'metrics_listen = ["127.0.0.1:{port}"]\n') as service:
    ann = person(service, "ascii")
    begin(service, ann)
    begin(service, {**ann, "password": "wrong-password"})
    cognito(service, f"Made{ann['email']}Up")
    kind, text = scrape()
    check(kind.startswith("application/openmetrics-text; version=1.0.0"), "it says which format it is", kind)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    check({"latchkey_requests", "latchkey_request_duration_seconds", "latchkey_messages", "latchkey_messages_waiting",
           "latchkey_build"} <= set(families), "the parser reads every family", sorted(families))
    counted = {(s.labels["operation"], s.labels["outcome"]): s.value
               for s in families["latchkey_requests"].samples if s.name.endswith("_total")}
    check(counted[("InitiateAuth", "ok")] == 1 and counted[("InitiateAuth", "NotAuthorizedException")] == 1,
          "sign-ins are counted by outcome", counted)
    check(counted[("unknown", "UnknownOperationException")] == 1, "names that strangers make up are not kept", counted)
    durations = [s for s in families["latchkey_request_duration_seconds"].samples
                 if s.name.endswith("_count") and s.labels["operation"] == "InitiateAuth"]
    check(durations[0].value == 2, "and timed", durations)
    check(not any(word in text for word in (ann["email"], ann["id"], "127.0.0.1")), "nobody is named")
    try:
        urllib.request.urlopen(f"{service.base}/metrics", timeout=10)
        shown = True
    except urllib.error.HTTPError as error:
        shown = error.code != 404
    check(not shown, "clients of the service do not see it")
finish()
