// Chromium walks through the service's own pages as a newcomer would, once without script and once with it; axe-core looks at
// every screen. SCREENSHOTS=folder keeps pictures of all of them.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { check, finish, sentCode, skip, totpCode, world } from './harness.mjs';
import { lookAround, makeKey, turnTwoFactorOn } from './browser/rooms.mjs';
import { Visit, launch } from './browser/visit.mjs';

const browser = await launch().catch((error) => skip(`Chromium: ${error.message.split('\n')[0]}`));
for (const script of [false, true]) {
  const visit = await Visit.begin(browser, `${world.base}/account`, { script });
  const person = { email: `newcomer.${randomBytes(4).toString('hex')}@example.test`, password: 'Correct-horse-7!battery' };
  await becomeUser(visit, person);
  await turnTwoFactorOn(visit, person);
  await makeKey(visit);
  await lookAround(visit);
  await visit.open('no-such-page');
  await visit.sees('That did not work', 'portal-not-found');
  await hostilePages(visit);
  await comeBack(visit, person);
}
await browser.close();
finish();

async function becomeUser(visit, person) {
  await visit.open('');
  await visit.sees('Sign in', 'portal-sign-in');
  await visit.follow('Create an account');
  await visit.sees('Create an account', 'sign-up');
  await visit.fill({ 'E-mail': person.email, 'New password': 'short', 'New password again': 'short' });
  await visit.press('Create the account');
  await visit.sees('Create an account', 'sign-up-wrong');
  check((await visit.page.title()).startsWith('Error: '), `${visit.name}: the title says that there is an error`);
  check((await visit.page.getByLabel('E-mail').inputValue()) === person.email, `${visit.name}: the e-mail is kept`);
  await visit.fill({ 'New password': person.password, 'New password again': person.password });
  await visit.press('Create the account');
  await visit.sees('Check your e-mail', 'confirm-email');
  await visit.fill({ 'Code from the e-mail': sentCode(person.email) });
  await visit.press('Confirm');
  await visit.says('Your account is ready');
  await visit.fill({ Password: person.password });
  await visit.press('Sign in');
  await visit.says(person.email);
}

async function comeBack(visit, person) {
  await visit.open('');
  await visit.press('Sign out');
  await visit.says('You are signed out');
  await visit.fill({ 'E-mail': person.email, Password: person.password });
  await visit.press('Sign in');
  await visit.sees('Enter the code', 'portal-code');
  // The code of this step was used to set the app up.
  await visit.fill({ 'Six-digit code': totpCode(person, 1) });
  await visit.press('Continue');
  await visit.says(person.email);
  await visit.page.goBack();
  await visit.says(person.email);
  await visit.press('Sign out');
  await visit.follow('Forgot your password?');
  await visit.sees('Forgot your password?', 'forgot-password');
  await visit.fill({ 'E-mail': person.email });
  await visit.press('Send the code');
  await visit.sees('Set a new password', 'reset-password');
}

// A page of another site tries what such pages try, while the owner is signed in.
async function hostilePages(visit) {
  const attack = `<form method=post action="${visit.panel}/security"><input name=do value=sign-out-everywhere><button>Win</button></form>`;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>x</title>${attack}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await visit.page.context().newPage();
  const rebound = await page.goto(`${visit.panel.replace('127.0.0.1', 'evil.example')}/sign-in`);
  check(rebound.status() === 421, `${visit.name}: a foreign name that leads here is refused`, String(rebound.status()));
  await page.goto(`http://evil.example:${server.address().port}/`);
  const [posted] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
  check(posted.status() === 403, `${visit.name}: a foreign form is refused`, String(posted.status()));
  await page.close();
  server.close();
}
