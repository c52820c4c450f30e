// Chromium walks through the demo as an owner with a phone would, and keeps the pictures that the README shows: see `take`.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

// The judges' own packages; this folder has none.
const require = createRequire(new URL('../../tests/oracles/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const { Secret, TOTP } = require('otpauth');

const [program, folder] = process.argv.slice(2);
const PHONE = { width: 390, height: 760 };

const demo = spawn(program, ['demo', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => demo.kill());
const { value: line } = await createInterface({ input: demo.stdout })[Symbol.asyncIterator]().next();
const told = JSON.parse(line);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 2, reducedMotion: 'reduce' });
const page = await context.newPage();
const type = (label, text) => page.getByLabel(label, { exact: true }).fill(text);
const press = (name) => Promise.all([page.waitForNavigation(), page.getByRole('button', { name, exact: true }).click()]);
const picture = async (name) => {
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: join(folder, `${name}.png`) });
};

await page.goto(told.panel);
await type('Claim code', told.claim_code);
await picture('claim');
await press('Continue');
await type('E-mail', told.email);
await type('Password', told.password);
await picture('sign-in');
await press('Sign in');
await type('Six-digit code', new TOTP({ secret: Secret.fromBase32(told.totp_secret) }).generate());
await picture('code');
await press('Continue');
await picture('overview');
await page.goto(`${told.panel}/device`);
await picture('this-pi');
await page.emulateMedia({ colorScheme: 'dark' });
await page.goto(`${told.panel}/two-factor`);
await picture('dark');

await browser.close();
demo.kill('SIGTERM');
