// Two judges at once: oidc-provider plays Google for our service, and openid-client, which knows the standards and not us, signs in
// at our service as a panel's client would. Between them Chromium, as a person uses it; at the end at the panel of a real device.

import { createHash, randomBytes } from 'node:crypto';
import * as openid from 'openid-client';
import { check, finish, skip, totpCode } from './harness.mjs';
import { Agent } from './browser/agent.mjs';
import { Google } from './browser/google.mjs';
import { Visit, launch } from './browser/visit.mjs';

const SCOPE = 'email profile openid aws.cognito.signin.user.admin';
const PEOPLE = {
  gina: { email: 'gina@gmail.example', email_verified: true, name: 'Gina' },
  una: { email: 'una@gmail.example', email_verified: false },
  ann: { email: 'Ann@example.test', email_verified: true },
  tom: { email: 'tom@example.test', email_verified: true },
};

const browser = await launch().catch((error) => skip(`Chromium: ${error.message.split('\n')[0]}`));
const google = await Google.start(PEOPLE);
const callback = `${google.panel}/v1/callback/`;
const relay = `${google.cloud}/v1/callback/`;
const issuer = new URL(`${google.cloud}/${google.discovery.user_pool_id}`);
const client = await openid.discovery(issuer, google.discovery.client_id, undefined, openid.None(), {
  execute: [openid.allowInsecureRequests],
});

try {
  await wholeWay();
  await mistakesWithCodes();
  await strangers();
  await linking();
  await atTheDevice();
} finally {
  await google.stop();
}
await browser.close();
finish();
process.exit(0);

async function wholeWay() {
  const page = await newBrowser();
  const attempt = await begin(page);
  await agree(page, 'gina');
  const tokens = await redeem(attempt, await arrival(page));
  const claims = tokens.claims();
  check(claims.email === 'gina@gmail.example' && claims.email_verified === true, 'openid-client reads who it is', claims);
  check(claims['cognito:username'] === 'Google_gina', 'the account is named after the provider', claims);
  check(claims.identities?.[0]?.providerName === 'Google', 'and says where it comes from', claims);

  const told = await openid.fetchUserInfo(client, tokens.access_token, claims.sub);
  check(told.email === 'gina@gmail.example', 'userInfo tells the same', told);
  check((await login(tokens.access_token)).email === 'gina@gmail.example', 'GraphQL takes the access token');
  const factor = await ask('/v1/mfaPref', tokens.access_token);
  check(factor.provider === 'Google', 'two-factor authentication is said to be Google’s', factor);

  const renewed = await openid.refreshTokenGrant(client, tokens.refresh_token);
  check((await login(renewed.access_token)).email === 'gina@gmail.example', 'a refresh token gives new tokens');

  const again = await begin(page);
  await agree(page, 'gina');
  const second = await redeem(again, await arrival(page));
  check(second.claims().sub === claims.sub, 'the second sign-in finds the same account');

  const byPage = await page.evaluate(async ([address, form]) => {
    const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(form) });
    return { status: answer.status, ...(await answer.json()) };
  }, [`${google.cloud}/oauth2/token`, { grant_type: 'refresh_token', client_id: google.discovery.client_id, refresh_token: tokens.refresh_token }]);
  check(byPage.status === 200 && byPage.id_token, 'a page of the panel may ask for tokens itself', byPage);

  await page.goto(`${google.cloud}/logout?client_id=${google.discovery.client_id}&logout_uri=${encodeURIComponent(relay)}`);
  check((await page.innerText('h1')) === 'You are signed out', 'sign-out ends at a page that says so');
  await page.context().close();
}

async function mistakesWithCodes() {
  const page = await newBrowser();
  const attempt = await begin(page);
  await agree(page, 'gina');
  const address = await arrival(page);
  const wrong = await refused(redeem({ ...attempt, verifier: openid.randomPKCECodeVerifier() }, address));
  check(wrong === 'invalid_grant', 'a wrong verifier gets nothing', wrong);
  const foreign = await refused(redeem({ ...attempt, state: 'another' }, address));
  check(foreign === 'OAUTH_INVALID_RESPONSE', 'openid-client notices a foreign state', foreign);
  const tokens = await redeem(attempt, address);
  const replayed = await refused(redeem(attempt, address));
  check(replayed === 'invalid_grant', 'a code counts once', replayed);
  const after = await fetch(`${google.cloud}/graphql/v1`, bearer(tokens.access_token, '{ login { email } }'));
  check(after.status === 401, 'what a replayed code gave is taken back', after.status);

  await begin(page);
  const elsewhere = await newBrowser();
  await elsewhere.goto(`${google.cloud}/oauth2/idpresponse?code=x&state=made-up`);
  check((await elsewhere.innerText('main')).includes('begun in another browser'), 'a made-up return is refused in words');
  await elsewhere.goto(`${relay}?code=x&state=r-${Buffer.from('http://evil.example/v1/callback/').toString('hex')}`);
  check((await elsewhere.innerText('main')).includes('your own network'), 'the relay leads nowhere else');
  for (const each of [page, elsewhere]) await each.context().close();
}

async function strangers() {
  const page = await newBrowser();
  await begin(page);
  await agree(page, 'una');
  const { searchParams } = await arrival(page);
  check(searchParams.get('error') === 'access_denied', 'an unconfirmed address opens nothing', String(searchParams));
  check(searchParams.get('error_description').includes('Confirm the address there'), 'and is told what to do');
  await page.context().close();
}

async function linking() {
  for (const [name, has] of [['ann', {}], ['tom', { totp: true }]]) {
    const person = google.add(PEOPLE[name].email.toLowerCase(), has);
    const page = await newBrowser();
    const attempt = await begin(page);
    await agree(page, name);
    const visit = new Visit(page, google.cloud, true);
    await visit.sees('Link your account', 'link-account');
    await submit(page, 'Password of your account here', 'not-the-password');
    check((await page.innerText('main')).includes('That password is not right'), `${name}: a wrong password links nothing`);
    await submit(page, 'Password of your account here', person.password);
    if (has.totp) {
      check((await page.innerText('main')).includes('authenticator app'), `${name}: the second factor is asked for`);
      await visit.sees('Link your account', 'link-account-code');
      await submit(page, 'Six-digit code', totpCode(person));
    }
    const tokens = await redeem(attempt, await arrival(page));
    check(tokens.claims().sub === person.id, `${name}: Google opens the account that was there`, tokens.claims());
    await page.context().close();
  }
}

// The panel of a device, from its claim code to its overview; script off, so that the pages lead on by themselves.
async function atTheDevice() {
  const agent = await Agent.start(google.cloud);
  try {
    const page = await newBrowser(false);
    await page.goto(`${agent.panel}/claim`);
    await submit(page, 'Claim code', agent.claimCode());
    await leaveForGoogle(page);
    await agree(page, 'gina');
    await page.waitForURL(`${agent.panel}/`);
    check((await page.innerText('body')).includes('gina@gmail.example'), 'the device belongs to who came back from Google');
    await page.context().close();

    const stranger = await newBrowser();
    const returned = stranger.waitForRequest((request) => request.url().startsWith(`${agent.panel}/v1/callback/`));
    const visit = new Visit(stranger, agent.panel, true);
    await visit.open('sign-in');
    await visit.sees('Sign in', 'sign-in-with-google');
    await leaveForGoogle(stranger);
    await agree(stranger, 'tom');
    await stranger.waitForURL(`${agent.panel}/google-return?*`);
    check((await stranger.innerText('main')).includes('belongs to another account'), 'another account is refused');
    await visit.sees('Continue with Google', 'google-refused');

    const lured = await newBrowser();
    await lured.goto((await returned).url());
    await lured.waitForURL(`${agent.panel}/google-return?*`);
    await new Visit(lured, agent.panel, true).sees('Continue with Google', 'google-begun-elsewhere');
    check(!(await lured.context().cookies()).some(({ name }) => name.includes('session')), 'a return that was used opens nothing elsewhere');
    for (const each of [stranger, lured]) await each.context().close();
  } finally {
    await agent.stop();
  }
}

async function leaveForGoogle(page) {
  await page.getByRole('button', { name: 'Continue with Google' }).click();
  await page.waitForURL(`${google.provider}/**`, { waitUntil: 'domcontentloaded' });
}

async function newBrowser(javaScriptEnabled = true) {
  const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' });
  await context.route('https://fonts.googleapis.com/**', (route) => route.abort());
  return context.newPage();
}

// The browser goes to our service, as the panel sends it.
async function begin(page) {
  const verifier = openid.randomPKCECodeVerifier();
  const state = `${randomBytes(16).toString('hex')}-${Buffer.from(callback).toString('hex')}`;
  const nonce = openid.randomNonce();
  const address = openid.buildAuthorizationUrl(client, {
    redirect_uri: relay,
    scope: SCOPE,
    state,
    nonce,
    identity_provider: 'Google',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  await page.goto(address.href, { waitUntil: 'domcontentloaded' });
  return { verifier, state, nonce };
}

// At the provider: name, password, consent, as often as it asks.
async function agree(page, name) {
  while (page.url().startsWith(google.provider)) {
    if (await page.locator('input[name=login]').count()) {
      await page.locator('input[name=login]').fill(name);
      await page.locator('input[name=password]').fill('any');
    }
    await Promise.all([
      page.waitForNavigation({ waitUntil: 'domcontentloaded' }),
      page.locator('button[type=submit]').click(),
    ]);
  }
}

// Where the browser is at the panel.
async function arrival(page) {
  await page.waitForURL(`${callback}?*`);
  return new URL(page.url());
}

// As the panel does it: with the relay's address, which is the one that is registered.
function redeem({ verifier, state, nonce }, address) {
  const registered = new URL(relay);
  registered.search = address.search;
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return openid.authorizationCodeGrant(client, registered, checks);
}

async function refused(promise) {
  return promise.then(() => 'nothing was refused', (error) => error.error ?? error.code);
}

async function submit(page, label, value) {
  await page.getByLabel(label).fill(value);
  await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
}

function bearer(token, query) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify({ query }) };
}

async function login(token) {
  const answer = await fetch(`${google.cloud}/graphql/v1`, bearer(token, '{ login { email } }'));
  return (await answer.json()).data.login;
}

async function ask(path, token) {
  return (await fetch(`${google.cloud}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
}
