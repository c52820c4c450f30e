// The twin of wire.py for signers in JavaScript.

import http from 'node:http';

const { SIGN_METHOD, SIGN_URL, SIGN_BODY, SIGN_KEY_ID, SIGN_SECRET, SIGN_AT, SIGN_COVERED } = process.env;

export const method = SIGN_METHOD;
export const url = SIGN_URL;
export const keyId = SIGN_KEY_ID;
export const key = Buffer.from(SIGN_SECRET, 'base64');
export const at = new Date(Number(SIGN_AT) * 1000);
export const covered = SIGN_COVERED?.split(' ').filter(Boolean);
const body = Buffer.from(SIGN_BODY);

export const unsignedHeaders = {
  Host: new URL(url).host,
  Date: at.toUTCString(),
  'Content-Type': 'application/json',
  'Content-Length': String(body.length),
};

export function newRequest(headers = unsignedHeaders) {
  return http.request(url, { method, headers });
}

export function deliver(request) {
  if (process.argv[2] === 'sign') {
    request.on('error', () => {}).destroy();
    for (const [name, value] of Object.entries(request.getHeaders())) console.log(`${name}: ${value}`);
    return;
  }
  request.on('response', async (answer) => {
    console.log(answer.statusCode);
    for await (const part of answer) process.stdout.write(part);
  }).end(body);
}
