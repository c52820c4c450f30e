// http-message-signatures as remote.it's Insomnia plugin uses it: RFC 9421, label `remoteit`, gone after five minutes.

import { createSigner, httpbis } from 'http-message-signatures';
import { at, covered, deliver, key, keyId, method, newRequest, unsignedHeaders, url } from './wire.mjs';

const { headers } = await httpbis.signMessage({
  key: createSigner(key, 'hmac-sha256', keyId),
  name: 'remoteit',
  fields: covered ?? ['@method', '@authority', '@target-uri', 'date'],
  params: ['keyid', 'alg', 'created', 'expires'],
  paramValues: { created: at, expires: new Date(at.getTime() + 300_000) },
}, { method, url, headers: unsignedHeaders });
deliver(newRequest(headers));
