// A walk through the rooms of an account, the same at the agent's panel and at the service's own pages.

import { readFileSync } from 'node:fs';
import { check, totpCode, wrongTotp } from '../harness.mjs';

export async function turnTwoFactorOn(visit, person) {
  await visit.follow('Two-factor');
  await visit.sees('Two-factor Authentication', 'two-factor-off');
  await visit.follow('Turn On');
  await visit.sees('How do you want to get the codes?', 'turn-on');
  await visit.press('Next');
  await visit.sees('Scan this with your authenticator app', 'set-up-authenticator');
  person.totp_secret = (await visit.page.locator('#secret').innerText()).replaceAll(' ', '');
  await visit.fill({ 'Code that the app shows': wrongTotp(person) });
  await visit.press('Submit');
  await visit.sees('Scan this with your authenticator app', 'set-up-authenticator-wrong');
  await visit.fill({ 'Code that the app shows': totpCode(person).replace(/^.../, '$& ') });
  await visit.press('Submit');
  await visit.sees('Save your recovery codes', 'recovery-codes');
  await saveRecoveryCodes(visit);
  await visit.sees('Two-factor Authentication', 'two-factor-on');
}

async function saveRecoveryCodes(visit) {
  const codes = (await visit.page.locator('#codes').innerText()).trim().split(/\s+/);
  check(codes.length === 10, `${visit.name}: there are ten recovery codes`, codes.length);
  const [download] = await Promise.all([
    visit.page.waitForEvent('download'),
    visit.page.getByRole('link', { name: 'Download' }).click(),
  ]);
  const saved = readFileSync(await download.path(), 'utf8');
  check(codes.every((code) => saved.includes(code)), `${visit.name}: the file has all recovery codes`);
  await printsOnlyTheCodes(visit, codes);
  await visit.press('Done');
  await visit.says('Save it first');
  await visit.page.getByLabel('I have saved the recovery codes').check();
  await visit.press('Done');
}

async function printsOnlyTheCodes(visit, codes) {
  await visit.page.emulateMedia({ media: 'print' });
  const printed = await visit.page.locator('body').innerText();
  check(codes.every((code) => printed.includes(code)), `${visit.name}: all recovery codes are printed`, printed);
  check(!/Sign out|Download|Done|keeps access keys safe/.test(printed), `${visit.name}: nothing else is printed`, printed);
  await visit.keep('recovery-codes', 'printed');
  await visit.page.emulateMedia({ media: null });
}

export async function makeKey(visit) {
  await visit.follow('Access keys');
  await visit.sees('Access keys', 'keys-before');
  await visit.page.getByLabel('Name').fill('Greenhouse');
  await visit.press('Create the key');
  await visit.sees('Your new access key', 'new-key');
  await visit.page.getByLabel('I have saved the secret').check();
  await visit.press('Done');
  await visit.pressLike(/^Turn off\s+Greenhouse/);
  await visit.says('The access key is off');
  await visit.sees('Access keys', 'keys');
  await visit.pressLike(/^Delete for good\s+Greenhouse/);
  await visit.says('The access key is deleted');
}

export async function lookAround(visit) {
  await visit.follow('Security');
  await visit.sees('Security', 'security');
  await visit.press('Change the password');
  await visit.sees('Security', 'security-wrong');
  await visit.follow('Activity');
  await visit.sees('Activity', 'activity');
  await visit.open('set-up-texts');
  await visit.sees('Which number shall get the codes?', 'set-up-texts');
  await visit.follow('Profile');
  await visit.sees('Profile', 'profile');
}
