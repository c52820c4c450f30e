// What a judge written in JavaScript needs; the twin of harness.py, same words.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Secret, TOTP } from 'otpauth';

export const world = JSON.parse(readFileSync(process.env.ORACLE_WORLD, 'utf8'));
export const { accounts, service } = world;

let checks = 0;

export function check(holds, sentence, seen = '') {
  checks += 1;
  console.log(`${holds ? 'ok' : 'not ok'} ${checks} - ${sentence}`);
  if (holds) return;
  console.log(`# seen: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`);
  process.exit(1);
}

process.on('uncaughtException', (error) => {
  console.log(`not ok ${checks + 1} - goes on to the end\n# seen: ${String(error.stack).replaceAll('\n', '\n# ')}`);
  process.exit(1);
});

export function finish() {
  console.log(`1..${checks}`);
}

export function skip(reason) {
  console.log(`1..0 # SKIP ${reason}`);
  process.exit(0);
}

// This step's code, or that of a step beside it.
export function totpCode(account, step = 0) {
  const app = new TOTP({ secret: Secret.fromBase32(account.totp_secret) });
  return app.generate({ timestamp: Date.now() + step * 30_000 });
}

// Six digits that no step near now has.
export function wrongTotp(account) {
  const near = [-3, -2, -1, 0, 1, 2, 3].map((step) => totpCode(account, step));
  return [...'01234567'].map((digit) => digit.repeat(6)).find((code) => !near.includes(code));
}

// Six digits other than RIGHT.
export function wrongCode(right) {
  return String((Number(right) + 1) % 1_000_000).padStart(6, '0');
}

// Every text that was sent to a mail address or phone number, newest last.
export function sentTo(to) {
  const [program, ...words] = world.outbox;
  return execFileSync(program, words, { encoding: 'utf8' })
    .split('\n').filter(Boolean).map((line) => JSON.parse(line))
    .filter((message) => message.to === to)
    .map((message) => message.text);
}

// The code in the newest of them.
export function sentCode(to) {
  const found = sentTo(to).at(-1)?.match(/\b[0-9]{6}\b/);
  if (!found) throw new Error(`nothing with a code was sent to ${to}`);
  return found[0];
}
