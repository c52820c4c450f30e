// amazon-cognito-identity-js, the library of remote.it's own panel: what that panel does with it.

import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';
import { accounts, check, finish, sentCode, sentTo, service, totpCode, wrongCode, wrongTotp } from './harness.mjs';

// A store that answers as a browser's does: null, not undefined, for what it does not hold.
function browserStorage() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
    clear: () => kept.clear(),
  };
}

function visitor(email) {
  const Storage = browserStorage();
  const Pool = new CognitoUserPool({
    UserPoolId: service.user_pool_id, ClientId: service.client_id, endpoint: service.cognito_endpoint, Storage,
  });
  return new CognitoUser({ Username: email, Pool, Storage });
}

// How a step ended: { session }, { asked, parameters } or { error }.
function ended(begin) {
  return new Promise((resolve) => begin({
    onSuccess: (session) => resolve({ session }),
    onFailure: (error) => resolve({ error }),
    totpRequired: (_, parameters) => resolve({ asked: 'SOFTWARE_TOKEN_MFA', parameters }),
    mfaRequired: (_, parameters) => resolve({ asked: 'SMS_MFA', parameters }),
    selectMFAType: (_, parameters) => resolve({ asked: 'SELECT_MFA_TYPE', parameters }),
    customChallenge: (parameters) => resolve({ asked: 'CUSTOM_CHALLENGE', parameters }),
  }));
}

const signIn = (user, Password) => ended((answer) =>
  user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password }), answer));

// For calls that take (error, result).
const called = (begin) => new Promise((resolve) =>
  begin((error, result) => resolve(error instanceof Error ? { error } : { result })));

async function signsIn(kind) {
  const user = visitor(accounts[kind].email);
  const { session, error } = await signIn(user, accounts[kind].password);
  check(session?.isValid(), `${kind} signs in by SRP`, error?.message);
  check(session.getIdToken().payload.email === accounts[kind].email, `the id token of ${kind} carries the e-mail`);
  return user;
}

async function readsAndRefreshes(user) {
  const { result, error } = await called((answer) => user.getUserAttributes(answer));
  const email = result?.find((attribute) => attribute.getName() === 'email')?.getValue();
  check(email === accounts.ascii.email, 'GetUser gives the e-mail', error?.message ?? email);
  const before = user.getSignInUserSession();
  const refreshed = await called((answer) => user.refreshSession(before.getRefreshToken(), answer));
  check(refreshed.result?.isValid(), 'a refresh gives a session', refreshed.error?.message);
  check(refreshed.result.getAccessToken().getJwtToken() !== before.getAccessToken().getJwtToken(),
    'its access token is new');
}

async function isSignedOut(user, refreshToken, how) {
  const { error } = await called((answer) => user.refreshSession(refreshToken, answer));
  check(error?.code === 'NotAuthorizedException', `after ${how} the refresh token is refused`, error?.code);
}

async function signsOut(user) {
  const refreshToken = user.getSignInUserSession().getRefreshToken();
  const error = await new Promise((resolve) => user.signOut(resolve));
  check(!error, 'sign-out revokes the token', error?.message);
  await isSignedOut(user, refreshToken, 'sign-out');
}

async function signsOutEverywhere(user, elsewhere) {
  const refreshToken = elsewhere.getSignInUserSession().getRefreshToken();
  const { session, error } = await ended((answer) => user.globalSignOut(answer));
  check(session === 'SUCCESS', 'a global sign-out is done', error?.message);
  await isSignedOut(elsewhere, refreshToken, 'a global sign-out elsewhere');
}

async function secondFactor(kind, factor, right, wrong) {
  const user = visitor(accounts[kind].email);
  const { asked, parameters, error } = await signIn(user, accounts[kind].password);
  check(asked === factor, `${kind} is asked for ${factor}`, error?.message ?? asked);
  const code = right();
  const send = (text) => ended((answer) => user.sendMFACode(text, answer, factor));
  const refused = await send(wrong(code));
  check(refused.error?.code === 'CodeMismatchException', `a wrong code of ${kind} is refused`, refused.error?.code);
  const accepted = await send(code);
  check(accepted.session?.isValid(), `the right code of ${kind} signs in after a wrong one`, accepted.error?.message);
  const again = await send(code);
  check(again.error?.code === 'NotAuthorizedException', `the spent session of ${kind} is refused`, again.error?.code);
  return parameters;
}

async function refuses() {
  const wrong = await signIn(visitor(accounts.refused.email), `${accounts.refused.password}x`);
  check(wrong.error?.code === 'NotAuthorizedException', 'a wrong password is refused', wrong.error?.code);
  const unknown = await signIn(visitor('nobody@example.test'), accounts.refused.password);
  check(unknown.error?.code === wrong.error.code && unknown.error.message === wrong.error.message,
    'an unknown user meets the same error as a wrong password', unknown.error?.message);
}

// Both factors and no preference: the person says which.
async function choosesFactor() {
  const user = visitor(accounts.both.email);
  const { asked, parameters } = await signIn(user, accounts.both.password);
  check(asked === 'SELECT_MFA_TYPE', 'with two factors the choice is asked for', asked);
  check(JSON.parse(parameters.MFAS_CAN_CHOOSE).sort().join() === 'SMS_MFA,SOFTWARE_TOKEN_MFA', 'both can be chosen',
    parameters);
  check(sentTo(accounts.both.phone).length === 0, 'nothing is texted before that');
  const chosen = await ended((answer) => user.sendMFASelectionAnswer('SOFTWARE_TOKEN_MFA', answer));
  check(chosen.asked === 'SOFTWARE_TOKEN_MFA', 'the chosen factor is asked for', chosen.error?.message);
  const { session, error } = await ended((answer) =>
    user.sendMFACode(totpCode(accounts.both), answer, 'SOFTWARE_TOKEN_MFA'));
  check(session?.isValid(), 'its code signs in', error?.message);
}

// As remote.it's panel turns an app on; off again only after a sign-in that passed it.
async function turnsAppOnAndOff() {
  const { email, password } = accounts.plain;
  const user = visitor(email);
  await signIn(user, password);
  const associate = () => new Promise((resolve) => user.associateSoftwareToken({
    associateSecretCode: (secret) => resolve({ secret }), onFailure: (error) => resolve({ error }),
  }));
  const { secret, error } = await associate();
  check(/^[A-Z2-7]{32}$/.test(secret), 'a secret is handed out', error?.message ?? secret);
  const app = { totp_secret: secret };
  const verify = (code) => ended((answer) => user.verifySoftwareToken(code, 'phone', answer));
  const wrong = await verify(wrongTotp(app));
  check(wrong.error?.code === 'EnableSoftwareTokenMFAException', 'a wrong first code is refused', wrong.error?.code);
  const verified = await verify(totpCode(app));
  check(verified.session?.Status === 'SUCCESS', 'the first code is right', verified.error?.message);
  const prefer = async (MfaPref) => {
    const authorization = `Bearer ${user.getSignInUserSession().getAccessToken().getJwtToken()}`;
    const answer = await fetch(`${service.auth_api}/mfaPref`, {
      method: 'POST', headers: { authorization, developerKey: 'any', 'content-type': 'application/json' },
      body: JSON.stringify({ MfaPref }),
    });
    return { status: answer.status, ...await answer.json() };
  };
  const on = await prefer('SOFTWARE_TOKEN_MFA');
  check(on.MfaPref === 'SOFTWARE_TOKEN_MFA' && on.backupCode.length === 36, 'mfaPref turns it on', on.status);
  const refused = await called((answer) => user.setUserMfaPreference(null, { Enabled: false }, answer));
  check(refused.error?.code === 'NotAuthorizedException', 'a sign-in without it does not turn it off',
    refused.error?.code);
  const { asked } = await signIn(user, password);
  check(asked === 'SOFTWARE_TOKEN_MFA', 'it is asked for', asked);
  const passed = await ended((answer) => user.sendMFACode(totpCode(app, 1), answer, 'SOFTWARE_TOKEN_MFA'));
  check(passed.session?.isValid(), 'its next code signs in', passed.error?.message);
  const off = await called((answer) => user.setUserMfaPreference(null, { Enabled: false }, answer));
  check(off.result === 'SUCCESS', 'and then turns it off', off.error?.message);
  const later = await signIn(visitor(email), password);
  check(later.session?.isValid(), 'the password is enough again', later.asked ?? later.error?.message);
}

const startRecovery = (user, AuthParameters) => ended((answer) => {
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  user.initiateAuth(new AuthenticationDetails({ Username: user.getUsername(), AuthParameters }), answer);
});

// As the panel's requestAccountRecovery and verifyRecoveryCode do, but with the session of the pending sign-in: this
// service lets nobody recover without the password.
async function recovers() {
  const { email, password, recovery_code: recoveryCode } = accounts.totp_lost;
  const user = visitor(email);
  await signIn(user, password);
  const started = await startRecovery(user, { SESSION: user.Session });
  check(started.asked === 'CUSTOM_CHALLENGE', 'recovery starts with a challenge', started.error?.message);
  check(started.parameters.challengeType === 'EMAIL_CODE', 'first the mailed code is asked for', started.parameters);
  const send = (text) => ended((answer) => user.sendCustomChallengeAnswer(text, answer));
  const mailed = sentCode(email);
  const still = await send(wrongCode(mailed));
  check(still.parameters?.challengeType === 'EMAIL_CODE', 'a wrong mailed code is asked for again', still.error?.code);
  const next = await send(mailed);
  check(next.parameters?.challengeType === 'BACKUP_CODE', 'then the recovery code is asked for', next.error?.code);
  const wrong = await send('00000000-0000-4000-8000-000000000000');
  check(wrong.asked === 'CUSTOM_CHALLENGE', 'a wrong recovery code is asked for again', wrong.error?.code);
  const { session, error } = await send(recoveryCode);
  check(session?.isValid(), 'the recovery code signs in', error?.message);
  check(!sentTo(email).at(-1).includes(mailed), 'a mail tells that it was used');
  const later = await signIn(visitor(email), password);
  check(later.session?.isValid(), 'the lost factor is off from then on', later.asked ?? later.error?.message);
}

async function doesNotRecoverWithoutThePassword() {
  const { email, recovery_code: recoveryCode } = accounts.totp_kept;
  const user = visitor(email);
  const started = await startRecovery(user);
  check(started.parameters?.challengeType === 'EMAIL_CODE', 'without the password recovery looks the same',
    started.error?.message);
  check(sentTo(email).length === 0, 'but nothing is mailed');
  const answered = await ended((answer) => user.sendCustomChallengeAnswer(recoveryCode, answer));
  check(answered.parameters?.challengeType === 'EMAIL_CODE', 'and nothing that is answered counts', answered);
}

const ascii = await signsIn('ascii');
await readsAndRefreshes(ascii);
await signsOut(ascii);
await signsOutEverywhere(await signsIn('utf8'), await signsIn('utf8'));
await secondFactor('totp', 'SOFTWARE_TOKEN_MFA', () => totpCode(accounts.totp), () => wrongTotp(accounts.totp));
const sms = await secondFactor('sms', 'SMS_MFA', () => sentCode(accounts.sms.phone), wrongCode);
check(sms.CODE_DELIVERY_DESTINATION?.endsWith(accounts.sms.phone.slice(-4))
  && !sms.CODE_DELIVERY_DESTINATION.includes(accounts.sms.phone), 'the number is shown masked', sms);
await choosesFactor();
await turnsAppOnAndOff();
await recovers();
await doesNotRecoverWithoutThePassword();
await refuses();
finish();
