// Chromium at the panel: every screen that it comes to is looked at in light and dark, on a phone and on a laptop. Axe says
// whether everybody can use it; with SCREENSHOTS=folder pictures are kept there for people.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { check } from '../harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SIZES = { phone: { width: 360, height: 740 }, laptop: { width: 1280, height: 800 }, narrow: { width: 320, height: 568 } };
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP evil.example 127.0.0.1',
];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });

export class Visit {
  static async begin(browser, panel, { script }) {
    const context = await browser.newContext({ javaScriptEnabled: script, viewport: SIZES.laptop });
    const visit = new Visit(await context.newPage(), panel, script);
    visit.page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('status of 4')) visit.complaints.push(message.text());
    });
    visit.page.on('pageerror', (error) => visit.complaints.push(error.message));
    return visit;
  }

  constructor(page, panel, script) {
    Object.assign(this, { page, panel, script, complaints: [], name: script ? 'with script' : 'without script' });
  }

  open(path) {
    return this.page.goto(`${this.panel}/${path}`);
  }

  async fill(fields) {
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(value);
  }

  async press(name) {
    await Promise.all([this.page.waitForNavigation(), this.page.getByRole('button', { name, exact: true }).click()]);
  }

  async follow(name) {
    await Promise.all([this.page.waitForNavigation(), this.page.getByRole('link', { name, exact: true }).click()]);
  }

  // The screen with this heading, looked at in every way.
  async sees(heading, screen) {
    const seen = await this.page.getByRole('heading', { level: 1 }).innerText();
    check(seen === heading, `${this.name}: comes to "${heading}"`, seen);
    for (const scheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      for (const [size, viewport] of Object.entries(SIZES)) {
        await this.page.setViewportSize(viewport);
        await this.looksRight(screen, `${size}, ${scheme}`);
        await this.keep(`${screen} ${this.script ? 'script' : 'plain'} ${size} ${scheme}`);
      }
    }
    check(this.complaints.length === 0, `${this.name}: the browser has nothing to complain about at ${screen}`, this.complaints);
  }

  // Text is as people read it, so what a screen reader hears comes along.
  async says(sentence) {
    const text = (await this.page.locator('body').innerText()).replaceAll('\n', ' ');
    check(text.includes(sentence), `${this.name}: says "${sentence}"`, text);
  }

  async looksRight(screen, how) {
    const wide = await this.page.locator('html').evaluate((html) => html.scrollWidth > html.clientWidth);
    check(!wide, `${this.name}: ${screen} fits (${how})`);
    if (!this.script) return;
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate((tags) => window.axe.run({ runOnly: tags }), RULES);
    const wrong = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    check(wrong.length === 0, `axe finds ${screen} usable by everybody (${how})`, wrong.join('\n# '));
  }

  async keep(name) {
    const folder = process.env.SCREENSHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name.replaceAll(' ', '-')}.png`), fullPage: true });
  }
}
