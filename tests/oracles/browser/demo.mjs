// One `latchkey demo` in a folder of its own, with further people in its account service.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { world } from '../harness.mjs';

const program = (name) => join(world.binaries, name);

export class Demo {
  // Everything of one demo lies below `folder`; `told` is its line of JSON.
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-browser-'));
    const words = ['demo', '--json', '--state-dir', join(folder, 'demo')];
    const running = spawn(program('latchkey'), words, { stdio: ['ignore', 'pipe', 'inherit'] });
    process.on('exit', () => running.kill());
    for await (const line of createInterface({ input: running.stdout })) {
      return new Demo(folder, running, JSON.parse(line));
    }
    throw new Error('latchkey demo ended before it was ready');
  }

  constructor(folder, running, told) {
    Object.assign(this, { folder, running, told });
  }

  // Somebody else with an account: `has` is what `account add --json-lines` takes.
  async add(email, has = {}) {
    const person = { email, password: 'Correct-horse-7!', ...has };
    const { user_pool_id: pool, client_id: client } = await (await fetch(`${this.told.cloud}/.well-known/latchkey`)).json();
    const words = ['account', 'add', '--user-pool-id', pool, '--client-id', client, '--json-lines', '-'];
    const added = this.cloud(words, JSON.stringify(person));
    return { ...person, ...JSON.parse(added) };
  }

  // The digits in the newest message to somebody.
  code(to) {
    const lines = this.cloud(['outbox', '--json']).split('\n').filter(Boolean);
    const messages = lines.map((line) => JSON.parse(line));
    return messages.filter((message) => message.to === to).at(-1).text.match(/\b[0-9]{6}\b/)[0];
  }

  // What the device's own console shows.
  claimCode() {
    const words = ['claim', '--state-dir', join(this.folder, 'demo', 'agent')];
    return execFileSync(program('latchkey'), words, { encoding: 'utf8' }).match(/[A-Z0-9]{4}-[A-Z0-9]{4}/)[0];
  }

  // Another device signs in, and so takes one of the person's access keys.
  signInElsewhere(person, device) {
    const words = ['sign-in', '--email', person.email, '--state-dir', join(this.folder, device), '--service', this.told.cloud];
    execFileSync(program('latchkey'), words, { input: `${person.password}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
  }

  cloud(words, input = '') {
    const all = [...words, '--state-dir', join(this.folder, 'demo', 'cloud')];
    return execFileSync(program('latchkey-cloud'), all, { input, encoding: 'utf8' });
  }

  stop() {
    this.running.kill('SIGTERM');
    return new Promise((resolve) => {
      this.running.once('exit', () => {
        rmSync(this.folder, { recursive: true, force: true });
        resolve();
      });
    });
  }
}
