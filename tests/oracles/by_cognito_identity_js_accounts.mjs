// amazon-cognito-identity-js, the library of remote.it's own panel: becoming a user, and everything an account page does.

import { randomBytes, randomInt } from 'node:crypto';
import {
  AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool,
} from 'amazon-cognito-identity-js';
import { accounts, check, finish, sentCode, sentTo, service, wrongCode } from './harness.mjs';

const EMAIL = `js.new+${randomBytes(4).toString('hex')}@example.test`;
const PHONE = `+1206555${String(randomInt(10_000)).padStart(4, '0')}`;
const [FIRST, SECOND, THIRD] = ['erster-zebra-1', 'zweiter-yak-2ü', 'dritter-wal-3🦀'];

function browserStorage() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
    clear: () => kept.clear(),
  };
}

const pool = (Storage) => new CognitoUserPool({
  UserPoolId: service.user_pool_id, ClientId: service.client_id, endpoint: service.cognito_endpoint, Storage,
});

function visitor(Username = EMAIL) {
  const Storage = browserStorage();
  return new CognitoUser({ Username, Pool: pool(Storage), Storage });
}

// For calls that take (error, result).
const called = (begin) => new Promise((resolve) =>
  begin((error, result, details) => resolve(error instanceof Error ? { error } : { result, details })));

// For calls that take { onSuccess, onFailure, inputVerificationCode }.
const ended = (begin) => new Promise((resolve) => begin({
  onSuccess: (result) => resolve({ result }),
  onFailure: (error) => resolve({ error }),
  inputVerificationCode: (result) => resolve({ result }),
}));

function refused({ error, result }, code, when) {
  check(error?.code === code, `${when}: ${code}`, error?.code ?? result);
}

function done({ error, result }, what) {
  check(!error && result !== undefined, what, error?.message);
  return result;
}

const signIn = (user, Password) => ended((answer) =>
  user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password }), answer));

async function signedIn(password, email) {
  const user = visitor(email);
  const session = done(await signIn(user, password), 'the password signs in');
  check(session.isValid(), 'its session is valid');
  return user;
}

const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });

async function known(user) {
  const { result } = await called((answer) => user.getUserAttributes(answer));
  return Object.fromEntries(result.map((one) => [one.getName(), one.getValue()]));
}

const update = (user, ...attributes) => called((answer) => user.updateAttributes(attributes, answer));
const verify = (user, name, code) => ended((answer) => user.verifyAttribute(name, code, answer));

async function signsUp() {
  const signUp = (email, password) => called((answer) =>
    pool(browserStorage()).signUp(email, password, [attribute('custom:brand', 'remoteit')], null, answer));
  refused(await signUp(EMAIL, 'password'), 'InvalidPasswordException', 'a weak password');
  const { userConfirmed, userSub, codeDeliveryDetails } = done(await signUp(EMAIL, FIRST), 'a person signs up');
  check(userConfirmed === false && codeDeliveryDetails.Destination === 'j***@e***', 'a code is mailed',
    codeDeliveryDetails);
  const taken = done(await signUp(accounts.ascii.email, FIRST), 'a taken address is answered like a new one');
  check(taken.userConfirmed === false && taken.userSub.length === userSub.length, 'with an id of the same form', taken);
  refused(await signIn(visitor(), FIRST), 'UserNotConfirmedException', 'a sign-in before the confirmation');
  done(await called((answer) => visitor().resendConfirmationCode(answer)), 'the code is sent again');
  const code = sentCode(EMAIL);
  const confirm = (text) => called((answer) => visitor().confirmRegistration(text, true, answer));
  refused(await confirm(wrongCode(code)), 'CodeMismatchException', 'a wrong code');
  check(done(await confirm(code), 'the right one confirms') === 'SUCCESS', 'with success');
  const user = await signedIn(FIRST);
  check((await known(user)).sub === userSub, 'the new user is the one who signed up');
}

async function forgets() {
  const user = visitor();
  const sent = done(await ended((answer) => user.forgotPassword(answer)), 'a code to reset is mailed');
  check(sent.CodeDeliveryDetails.DeliveryMedium === 'EMAIL', 'it says where to', sent);
  const code = sentCode(EMAIL);
  const confirm = (text, password) => ended((answer) => user.confirmPassword(text, password, answer));
  refused(await confirm(wrongCode(code), SECOND), 'CodeMismatchException', 'a wrong reset code');
  refused(await confirm(code, '1234567'), 'InvalidPasswordException', 'a weak new password');
  done(await confirm(code, SECOND), 'the right code sets it');
  refused(await signIn(visitor(), FIRST), 'NotAuthorizedException', 'the forgotten password');
  const stranger = visitor(`js.stranger.${randomBytes(4).toString('hex')}@example.test`);
  done(await ended((answer) => stranger.forgotPassword(answer)), 'a stranger gets the same answer');
  check(sentTo(stranger.getUsername()).length === 0, 'and no mail');
}

async function changes() {
  const [user, other] = [await signedIn(SECOND), await signedIn(SECOND)];
  const change = (from, to) => called((answer) => user.changePassword(from, to, answer));
  refused(await change(FIRST, THIRD), 'NotAuthorizedException', 'a wrong old password');
  refused(await change(SECOND, 'with blanks'), 'InvalidPasswordException', 'a password with a blank');
  done(await change(SECOND, THIRD), 'the password is changed');
  const refresh = (who) =>
    called((answer) => who.refreshSession(who.getSignInUserSession().getRefreshToken(), answer));
  done(await refresh(user), 'the sign-in that changed it goes on');
  refused(await refresh(other), 'NotAuthorizedException', 'another sign-in after the change');
  return user;
}

async function tellsMore(user) {
  const { result, details } = await update(user, attribute('name', 'Änn'), attribute('phone_number', PHONE));
  check(result === 'SUCCESS', 'attributes are updated');
  check(details.CodeDeliveryDetailsList[0].Destination === `+*******${PHONE.slice(-4)}`, 'the number is masked', details);
  check((await known(user)).phone_number_verified === 'false', 'a new number is not verified');
  refused(await verify(user, 'phone_number', wrongCode(sentCode(PHONE))), 'CodeMismatchException', 'a wrong code');
  done(await ended((answer) => user.getAttributeVerificationCode('phone_number', answer)), 'the code is sent again');
  done(await verify(user, 'phone_number', sentCode(PHONE)), 'the right code verifies it');
  const told = await known(user);
  check(told.phone_number_verified === 'true' && told.name === 'Änn', 'then it is verified', told);
  refused(await update(user, attribute('phone_number_verified', 'true')), 'NotAuthorizedException',
    'what only the service says');
  refused(await update(user, attribute('phone_number', '2065550100')), 'InvalidParameterException',
    'a number without its country');
}

async function leaves(user) {
  done(await called((answer) => user.deleteUser(answer)), 'the account is deleted');
  refused(await signIn(visitor(), THIRD), 'NotAuthorizedException', 'a sign-in to a deleted account');
  check(sentTo(EMAIL).at(-1).includes('was deleted'), 'the owner is told by mail');
}

await signsUp();
await forgets();
const user = await changes();
await tellsMore(user);
await leaves(user);
await signedIn(accounts.utf8.password, accounts.utf8.email);
finish();
