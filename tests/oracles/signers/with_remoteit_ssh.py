"""remoteit-ssh, a real client, unmodified: only its way to https://api.remote.it leads to the service under judgement.

It signs draft-cavage with a Digest, for a host, path and method that are fixed in it.
"""

import base64
import contextlib
import json
import sys

import requests
import requests_http_signature
from remoteit_ssh.client import run_query

import wire


class Detour(requests.adapters.HTTPAdapter):
    def send(self, request, **named):
        if sys.argv[1] == "sign":
            wire.show_headers(request)
            raise SystemExit
        request.url = wire.URL
        return super().send(request, **named)


requests.Session.get_adapter = lambda self, url: Detour()
requests_http_signature.time.time = lambda: wire.AT
with contextlib.suppress(SystemExit):  # it says "Incorrect auth" and ends when the service answers 403
    wire.show_answer(run_query(json.loads(wire.BODY), wire.KEY_ID, base64.b64encode(wire.KEY)))
