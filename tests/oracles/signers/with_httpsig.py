"""httpsig: draft-cavage, parameters in an order of its own."""

from httpsig.requests_auth import HTTPSignatureAuth

from wire import COVERED, KEY, KEY_ID, deliver

USUAL = ["(request-target)", "host", "date", "content-type", "content-length"]

deliver(HTTPSignatureAuth(key_id=KEY_ID, secret=KEY, algorithm="hmac-sha256", headers=COVERED or USUAL))
