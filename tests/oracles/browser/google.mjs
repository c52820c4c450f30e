// A Google of our own: oidc-provider with a few people, an account service that sends browsers there, and a panel on the LAN that
// they come back to. All of it on this machine.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';
import { world } from '../harness.mjs';

const CLIENT = { client_id: 'latchkey-at-google', client_secret: 'a-secret-of-30-characters-or-so' };
const program = join(world.binaries, 'latchkey-cloud');

export class Google {
  // `people`: by the name that they type at the provider, what it says about them.
  static async start(people) {
    const google = new Google();
    google.folder = mkdtempSync(join(tmpdir(), 'latchkey-google-'));
    google.provider = await listen((request, response) => google.callback(request, response));
    google.panel = await listen((request, response) => google.arrive(request, response));
    google.arrived = [];
    await google.serve();
    google.callback = provider(google.provider, `${google.cloud}/oauth2/idpresponse`, people).callback();
    return google;
  }

  async serve() {
    const secret = join(this.folder, 'google-secret');
    writeFileSync(secret, CLIENT.client_secret, { mode: 0o600 });
    const config = join(this.folder, 'latchkey-cloud.toml');
    writeFileSync(config, [
      `state_dir = "${join(this.folder, 'cloud')}"`,
      'listen = ["127.0.0.1:0"]',
      '[identity_providers.Google]',
      `issuer = "${this.provider}"`,
      `client_id = "${CLIENT.client_id}"`,
      `client_secret_file = "${secret}"`,
    ].join('\n'));
    this.words = ['--config', config];
    this.running = spawn(program, ['serve', ...this.words], { stdio: ['ignore', 'pipe', 'inherit'] });
    process.on('exit', () => this.running.kill());
    for await (const line of createInterface({ input: this.running.stdout })) {
      this.cloud = line.match(/http:\/\/[0-9.]+:[0-9]+/)?.[0];
      break;
    }
    if (!this.cloud) throw new Error('latchkey-cloud ended before it was ready');
    this.discovery = await (await fetch(`${this.cloud}/.well-known/latchkey`)).json();
  }

  // Somebody with an account and a password here: `has` is what `account add --json-lines` takes.
  add(email, has = {}) {
    const person = { email, password: 'Correct-horse-7!', ...has };
    const words = ['account', 'add', ...this.words, '--json-lines', '-'];
    return { ...person, ...JSON.parse(execFileSync(program, words, { input: JSON.stringify(person), encoding: 'utf8' })) };
  }

  // What the panel keeps of a browser that came back: the parameters, newest last.
  arrive(request, response) {
    const address = new URL(request.url, this.panel);
    this.arrived.push(Object.fromEntries(address.searchParams));
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><html lang=en><title>Panel</title><h1>Panel</h1>');
  }

  async stop() {
    const ended = new Promise((resolve) => this.running.once('exit', resolve));
    this.running.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

function provider(issuer, redirectUri, people) {
  console.warn = console.info = () => {};
  return new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['a key of the test'] },
    ttl: { Session: 3600, Interaction: 600, Grant: 3600, IdToken: 600, AccessToken: 600, AuthorizationCode: 60 },
  });
}
