// http-signature, which remote.it's Node sample uses: draft-cavage.

import httpSignature from 'http-signature';
import { covered, deliver, key, keyId, newRequest } from './wire.mjs';

const usual = ['(request-target)', 'host', 'date', 'content-type', 'content-length'];
const request = newRequest();
httpSignature.sign(request, { keyId, key, algorithm: 'hmac-sha256', headers: covered ?? usual });
deliver(request);
