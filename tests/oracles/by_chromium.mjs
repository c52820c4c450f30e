// Chromium walks the whole way as an owner would, once without script and once with it; axe-core looks at every screen.
// SCREENSHOTS=folder keeps pictures of all of them.

import { createServer } from 'node:http';
import { check, finish, skip, totpCode, wrongTotp } from './harness.mjs';
import { isLight } from './browser/budget.mjs';
import { Demo } from './browser/demo.mjs';
import { Visit, launch } from './browser/visit.mjs';

const browser = await launch().catch((error) => skip(`Chromium: ${error.message.split('\n')[0]}`));
for (const script of [false, true]) {
  const demo = await Demo.start();
  try {
    const visit = await Visit.begin(browser, demo.told.panel, { script });
    await ownersWay(visit, demo);
    await textMessageWay(visit, demo);
    await recoveryWay(visit, demo);
    await everyOtherQuestion(visit, demo);
    await hostilePages(visit);
  } finally {
    await demo.stop();
  }
}
await browser.close();
finish();

// Claim, password, code of the authenticator app, overview, and leaving again; with the usual mistakes.
async function ownersWay(visit, demo) {
  const owner = demo.told;
  await visit.open('ca');
  await visit.sees('Let your browser trust this device', 'ca');
  await visit.open('');
  await visit.sees('Claim this device', 'claim');
  await visit.fill({ 'Claim code': 'AAAA-AAAA' });
  await visit.press('Continue');
  await visit.sees('Claim this device', 'claim-wrong');
  await visit.fill({ 'Claim code': owner.claim_code.toLowerCase().replace('-', ' ') });
  await visit.press('Continue');

  await visit.sees('Sign in', 'sign-in');
  if (visit.script) await isLight(visit, 'sign-in');
  await visit.fill({ 'E-mail': owner.email, Password: 'Wrong-horse-7!' });
  await visit.press('Sign in');
  await visit.sees('Sign in', 'sign-in-wrong');
  check((await visit.page.title()).startsWith('Error: '), `${visit.name}: the title says that there is an error`);
  check((await visit.page.getByLabel('Password').inputValue()) === '', `${visit.name}: the password is not echoed`);
  await visit.fill({ Password: owner.password });
  await visit.press('Sign in');

  await visit.sees('Enter the code', 'code');
  await visit.fill({ 'Six-digit code': wrongTotp(owner) });
  await visit.press('Continue');
  await visit.sees('Enter the code', 'code-wrong');
  await visit.follow("Can't access your two-factor device?");
  await visit.sees('Without your two-factor device', 'recovery');
  await visit.follow('Back to the code');
  await visit.page.reload();
  await enterCode(visit, totpCode(owner).replace(/^.../, '$& '));

  await visit.sees(await visit.page.getByRole('heading', { level: 1 }).innerText(), 'overview');
  await visit.says('Fresh');
  await visit.says(owner.email);
  if (visit.script) await staysUpToDate(visit);
  await visit.page.goBack();
  await visit.says('Fresh');
  await visit.open('no-such-page');
  await visit.sees('That did not work', 'not-found');
  await everyRoom(visit);
  await unlockWay(visit);
  await signDeviceOut(visit);
}

// Every page of a signed-in owner, and one of them in another language.
async function everyRoom(visit) {
  const rooms = {
    keys: 'Access keys', 'two-factor': 'Two-factor Authentication', security: 'Security', activity: 'Activity',
    profile: 'Profile', settings: 'Settings', about: 'About Latchkey', tokens: 'Device tokens',
    'offline-unlock': 'Set up the offline unlock',
  };
  for (const [page, heading] of Object.entries(rooms)) {
    await visit.open(page);
    await visit.sees(heading, `room-${page}`);
  }
  await visit.open('device');
  await visit.sees(await visit.page.getByRole('heading', { level: 1 }).innerText(), 'room-device');
  await visit.page.context().setExtraHTTPHeaders({ 'accept-language': 'de' });
  await visit.open('keys');
  await visit.sees('Zugangsschlüssel', 'room-keys-german');
  check((await visit.page.locator('html').getAttribute('lang')) === 'de', `${visit.name}: the page says that it is German`);
  await visit.page.context().setExtraHTTPHeaders({});
}

// Another browser, for the time when the account service cannot be reached: at first there is no way in, then it is asked for it.
async function unlockWay(visit) {
  const other = await Visit.begin(browser, visit.panel, visit);
  await other.open('unlock');
  await other.sees('Unlock this device', 'unlock-not-set-up');
  await visit.open('offline-unlock');
  const secret = (await visit.page.locator('#secret').innerText()).replaceAll(' ', '');
  const passphrase = 'violet tractor humble orbit';
  await visit.fill({
    'Passphrase of this device': passphrase,
    'The same once more': passphrase,
    'Code that the app shows': totpCode({ totp_secret: secret }),
  });
  await visit.press('Turn on');
  await other.open('unlock');
  await other.sees('Unlock this device', 'unlock');
  await other.fill({ 'Passphrase of this device': passphrase });
  await other.press('Unlock');
  await other.sees('Unlock this device', 'unlock-wrong');
  await other.page.context().close();
}

// Both ends of a sign-in that could go on at another device, and stays.
async function continueWay(visit) {
  const other = await Visit.begin(browser, visit.panel, visit);
  await other.open('continue');
  await other.sees('Continue your sign-in here', 'continue-here');
  await other.follow('Go on here');
  await other.sees('Continue your sign-in here', 'continue-here-early');
  await other.page.context().close();
  await visit.open('continue');
  await visit.sees('Continue on another device', 'continue-there');
  await visit.press('Move the sign-in there');
  await visit.sees('Continue on another device', 'continue-there-wrong');
  await visit.follow('Stay on this device');
}

// A page that shows something old learns so from the server, and puts it right without anybody's doing.
async function staysUpToDate(visit) {
  await visit.page.evaluate(() => {
    const live = document.querySelector('[data-live]');
    live.dataset.live = 'of yesterday';
    live.querySelector('.state').textContent = 'Out of date';
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await visit.page.waitForFunction(() => !document.body.textContent.includes('Out of date'));
  await visit.says('Fresh');
}

async function textMessageWay(visit, demo) {
  const person = await demo.add('sms@demo.example', { phone: '+12065550147' });
  await claimAndGivePassword(visit, demo, person);
  await visit.sees('Enter the code', 'code-by-text-message');
  await visit.says('0147');
  await visit.press('Send a new code');
  await visit.sees('Enter the code', 'code-sent-again');
  await continueWay(visit);
  await enterCode(visit, demo.code(person.phone));
  await visit.says('Fresh');
  await signDeviceOut(visit);
}

async function recoveryWay(visit, demo) {
  const person = await demo.add('lost@demo.example', { totp: true });
  await claimAndGivePassword(visit, demo, person);
  await visit.follow("Can't access your two-factor device?");
  await visit.press('Start recovery');
  await visit.sees('Check your e-mail', 'mailed-code');
  await visit.fill({ 'Code from the e-mail': demo.code(person.email) });
  await visit.press('Continue');
  await visit.sees('Enter your recovery code', 'recovery-code');
  await visit.fill({ 'Recovery code': ` ${person.recovery_code.toUpperCase()}. ` });
  await visit.press('Sign in');
  await visit.says('Fresh');
  await signDeviceOut(visit);
}

async function everyOtherQuestion(visit, demo) {
  await claimAndGivePassword(visit, demo, await demo.add('both@demo.example', { totp: true, phone: '+12065550148' }));
  await visit.sees('How do you want to get the code?', 'factor');
  await visit.press('Next');
  await visit.says('authenticator app');

  await givePassword(visit, await demo.add('new@demo.example', { must_set_password: true }));
  await visit.sees('Choose a new password', 'new-password');

  await givePassword(visit, await demo.add('enrol@demo.example', { must_enrol: true }));
  await visit.sees('Set up your authenticator app', 'authenticator');

  const full = await demo.add('full@demo.example');
  demo.signInElsewhere(full, 'first');
  demo.signInElsewhere(full, 'second');
  await givePassword(visit, full);
  await visit.sees("Make room for this device's key", 'make-room');
  await visit.press('Use this key');
  await visit.sees("Make room for this device's key", 'make-room-wrong');

  await visit.open('access-key');
  await visit.sees('Sign in with an access key', 'access-key');
}

// A page of another site tries what such pages try. The owner is not even asked.
async function hostilePages(visit) {
  const attacks = {
    '/form': `<form method=post action="${visit.panel}/sign-out-device"><button>Win a prize</button></form>`,
    '/frame': `<iframe src="${visit.panel}/sign-in"></iframe>`,
  };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>x</title>${attacks[request.url] ?? ''}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const evil = `http://evil.example:${server.address().port}`;
  const page = await visit.page.context().newPage();

  const rebound = await page.goto(visit.panel.replace('127.0.0.1', 'evil.example'));
  check(rebound.status() === 421, `${visit.name}: a foreign name that leads here is refused`, String(rebound.status()));
  await page.goto(`${evil}/form`);
  const [posted] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
  check(posted.status() === 403, `${visit.name}: a foreign form is refused`, String(posted.status()));
  await page.goto(`${evil}/frame`);
  const framed = await page.frames().at(1).getByLabel('Password').count();
  check(framed === 0, `${visit.name}: the panel does not show in a foreign frame`);
  await page.close();
  server.close();
}

async function claimAndGivePassword(visit, demo, person) {
  await visit.open('claim');
  await visit.fill({ 'Claim code': demo.claimCode() });
  await visit.press('Continue');
  await givePassword(visit, person);
}

async function givePassword(visit, person) {
  await visit.open('sign-in');
  await visit.fill({ 'E-mail': person.email, Password: person.password });
  await visit.press('Sign in');
}

async function enterCode(visit, code) {
  await visit.fill({ 'Six-digit code': code });
  await visit.press('Continue');
}

async function signDeviceOut(visit) {
  await visit.open('sign-out-device');
  await visit.sees('Sign this device out?', 'sign-out-device');
  await visit.press('Sign this device out');
  await visit.sees('Claim this device', 'signed-out');
}
