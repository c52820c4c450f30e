// A device: an agent that has no owner yet, with its panel on this machine.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { world } from '../harness.mjs';

const program = join(world.binaries, 'latchkey');

export class Agent {
  static async start(service) {
    const agent = new Agent();
    agent.folder = mkdtempSync(join(tmpdir(), 'latchkey-agent-'));
    agent.places = {
      LATCHKEY_STATE_DIR: join(agent.folder, 'state'),
      LATCHKEY_RUNTIME_DIR: join(agent.folder, 'run'),
      LATCHKEY_CONFIG: '/dev/null',
      LATCHKEY_SERVICE: service,
    };
    agent.running = spawn(program, ['run', '--panel-listen', '127.0.0.1:0'], { env: agent.places, stdio: ['ignore', 'ignore', 'pipe'] });
    process.on('exit', () => agent.running.kill());
    for await (const line of createInterface({ input: agent.running.stderr })) {
      const port = line.replace(/\x1b\[[0-9;]*m/g, '').match(/panel listens.*127\.0\.0\.1:([0-9]+)/)?.[1];
      if (port) agent.panel = `http://127.0.0.1:${port}`;
      if (port) break;
    }
    if (!agent.panel) throw new Error('latchkey ended before its panel listened');
    return agent;
  }

  claimCode() {
    return execFileSync(program, ['claim'], { env: this.places, encoding: 'utf8' }).match(/[A-Z0-9]{4}-[A-Z0-9]{4}/)[0];
  }

  async stop() {
    const ended = new Promise((resolve) => this.running.once('exit', resolve));
    this.running.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
