"""requests-http-signature 0.7.1 as remote.it's documentation uses it: RFC 9421 with a Content-Digest."""

import datetime

from requests_http_signature import HTTPSignatureAuth, algorithms

from wire import AT, COVERED, KEY, KEY_ID, deliver


class AtAGivenTime(HTTPSignatureAuth):
    def get_created(self, request):
        return datetime.datetime.fromtimestamp(AT)

    def get_covered_component_ids(self, request):
        return COVERED or super().get_covered_component_ids(request)


deliver(AtAGivenTime(signature_algorithm=algorithms.HMAC_SHA256, key=KEY, key_id=KEY_ID))
