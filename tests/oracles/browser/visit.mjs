// Chromium at the panel: every screen that it comes to is looked at in light and dark, on a phone and on a laptop, with large
// text and by keyboard alone. Axe says whether everybody can use it; with SCREENSHOTS=folder pictures are kept there for people.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { check } from '../harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { 'target-size': { enabled: true } },
};
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
const PICTURES = process.env.SCREENSHOTS;

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });

export class Visit {
  static async begin(browser, panel, { script }) {
    const context = await browser.newContext({ javaScriptEnabled: script, viewport: SIZES.laptop, reducedMotion: 'reduce' });
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
    await this.lead(this.page.getByRole('button', { name, exact: true }));
  }

  // A button whose name goes on for those who cannot see what it belongs to.
  async pressLike(name) {
    await this.lead(this.page.getByRole('button', { name }).first());
  }

  async follow(name) {
    await this.lead(this.page.getByRole('link', { name, exact: true }));
  }

  async lead(way) {
    await Promise.all([this.page.waitForNavigation(), way.click()]);
  }

  // The screen with this heading, looked at in every way.
  async sees(heading, screen) {
    const seen = await this.page.getByRole('heading', { level: 1 }).innerText();
    check(seen === heading, `${this.name}: comes to "${heading}"`, seen);
    if (this.script) await this.looksAllRound(screen);
    else await this.looksPlain(screen);
    check(this.complaints.length === 0, `${this.name}: the browser has nothing to complain about at ${screen}`, this.complaints);
  }

  async looksAllRound(screen) {
    await this.hasFocusWhereItMatters(screen);
    await this.look('laptop', 'light');
    await this.isUsable(screen, 'laptop, light');
    await this.isReachedByKeyboard(screen);
    await this.keep(screen, 'laptop light');
    await this.look('phone', 'dark');
    await this.isUsable(screen, 'phone, dark');
    await this.fits(screen, 'phone');
    await this.keep(screen, 'phone dark');
    if (PICTURES) {
      await this.look('laptop', 'dark');
      await this.keep(screen, 'laptop dark');
      await this.look('phone', 'light');
      await this.keep(screen, 'phone light');
      await this.page.emulateMedia({ forcedColors: 'active' });
      await this.keep(screen, 'phone forced-colours');
      await this.page.emulateMedia({ forcedColors: null });
    }
    await this.look('narrow', 'light');
    await this.fits(screen, '320 px');
    await this.isLegibleWhenLarge(screen);
    await this.look('laptop', 'light');
  }

  async looksPlain(screen) {
    await this.look('narrow', 'light');
    await this.fits(screen, '320 px');
    await this.look('laptop', 'light');
    await this.fits(screen, 'laptop');
    await this.keep(screen, 'laptop light');
  }

  async look(size, colorScheme) {
    await this.page.emulateMedia({ colorScheme });
    await this.page.setViewportSize(SIZES[size]);
  }

  // Text is as people read it, so what a screen reader hears comes along.
  async says(sentence) {
    const text = (await this.page.locator('body').innerText()).replaceAll('\n', ' ');
    check(text.includes(sentence), `${this.name}: says "${sentence}"`, text);
  }

  async fits(screen, how) {
    const over = await this.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      const parts = [...document.querySelectorAll('body *')].filter((part) => part.getBoundingClientRect().right > width + 1);
      return parts.slice(-3).map((part) => part.outerHTML.slice(0, 120));
    });
    check(over.length === 0, `${this.name}: ${screen} fits (${how})`, over);
  }

  async isLegibleWhenLarge(screen) {
    await this.page.setViewportSize({ width: 640, height: 800 });
    await this.page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    await this.fits(screen, 'text at 200 %');
    if (PICTURES) await this.keep(screen, 'text-200');
    await this.page.evaluate(() => document.documentElement.removeAttribute('style'));
  }

  async isUsable(screen, how) {
    if (!(await this.page.evaluate(() => Boolean(window.axe)))) await this.page.evaluate(AXE);
    const found = await this.page.evaluate((rules) => window.axe.run(rules), RULES);
    const wrong = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    check(wrong.length === 0, `axe finds ${screen} usable by everybody (${how})`, wrong.join('\n# '));
  }

  // What went wrong is read out first, and leads to its field.
  async hasFocusWhereItMatters(screen) {
    if ((await this.page.locator('#problem').count()) === 0) return;
    const focused = await this.page.evaluate(() => document.activeElement.id);
    check(focused === 'problem', `${screen}: the summary of what went wrong has the focus`, focused);
    const leads = await this.page.evaluate(() =>
      [...document.querySelectorAll('#problem a[href^="#"]')].every((link) => document.getElementById(link.hash.slice(1))),
    );
    check(leads, `${screen}: the summary leads to the field`);
  }

  // Tab comes to everything that can be pressed or typed into, and one sees where it is.
  async isReachedByKeyboard(screen) {
    await this.page.evaluate(() => {
      const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary');
      const shown = [...all].filter((part) => part.checkVisibility({ visibilityProperty: true }) && !part.disabled);
      // Arrows lead from one radio button to the next.
      const group = (part) => (part.type === 'radio' ? `${part.form?.action} ${part.name}` : part);
      window.unreached = new Map(shown.map((part) => [group(part), part]));
      window.unseen = [];
      window.reach = () => {
        const part = document.activeElement;
        window.unreached.delete(group(part));
        const { outlineStyle, outlineWidth } = getComputedStyle(part);
        if (part !== document.body && (outlineStyle === 'none' || outlineWidth === '0px')) window.unseen.push(part.outerHTML);
        return window.unreached.size;
      };
      document.activeElement.blur();
      window.getSelection().removeAllRanges();
    });
    const most = 2 * (await this.page.evaluate(() => window.unreached.size)) + 5;
    for (let presses = 0; presses < most && (await this.page.evaluate(() => window.reach())) > 0; presses += 1) {
      await this.page.keyboard.press('Tab');
    }
    const [left, unseen] = await this.page.evaluate(() => {
      document.activeElement.blur();
      window.scrollTo(0, 0);
      return [[...window.unreached.values()].map((part) => part.outerHTML.slice(0, 120)), window.unseen];
    });
    check(left.length === 0, `${screen}: everything is reached by keyboard`, left);
    check(unseen.length === 0, `${screen}: the focus is seen everywhere`, unseen);
  }

  async keep(screen, how) {
    if (!PICTURES) return;
    mkdirSync(PICTURES, { recursive: true });
    const name = `${screen} ${this.script ? '' : 'without-script '}${how}`.replaceAll(' ', '-');
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }
}
