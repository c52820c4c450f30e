// cognito-srp-helper with AWS SDK v3: a third SRP client, and typed answers of Amazon's own SDK.

import {
  CognitoIdentityProviderClient, GetUserCommand, GlobalSignOutCommand, InitiateAuthCommand, NotAuthorizedException,
  RespondToAuthChallengeCommand, CodeMismatchException,
} from '@aws-sdk/client-cognito-identity-provider';
import helper from 'cognito-srp-helper';
import { accounts, check, finish, sentCode, service, totpCode, wrongCode, wrongTotp } from './harness.mjs';

const client = new CognitoIdentityProviderClient({
  region: service.region, endpoint: service.cognito_endpoint, maxAttempts: 1,
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
});
const ClientId = service.client_id;

// The reply after the password: tokens or the next challenge.
async function proves(email, password) {
  const srp = helper.createSrpSession(email, password, service.user_pool_id, false);
  const begun = await client.send(new InitiateAuthCommand(helper.wrapInitiateAuth(srp, {
    ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { CHALLENGE_NAME: 'SRP_A', USERNAME: email },
  })));
  return client.send(new RespondToAuthChallengeCommand(helper.wrapAuthChallenge(helper.signSrpSession(srp, begun), {
    ClientId, ChallengeName: 'PASSWORD_VERIFIER', ChallengeResponses: { USERNAME: email },
  })));
}

const errorOf = (promise) => promise.then(() => undefined, (error) => error);

async function signsIn(kind) {
  const { email, password } = accounts[kind];
  const { AuthenticationResult: tokens } = await proves(email, password);
  check(tokens?.AccessToken && tokens.IdToken && tokens.RefreshToken, `${kind} gets three tokens`);
  check(tokens.TokenType === 'Bearer' && tokens.ExpiresIn > 0, `the tokens of ${kind} say how long they live`, tokens);
  return tokens;
}

async function readsRefreshesAndSignsOut(tokens) {
  const user = await client.send(new GetUserCommand({ AccessToken: tokens.AccessToken }));
  check(user.UserAttributes.some(({ Name, Value }) => Name === 'email' && Value === accounts.ascii.email),
    'GetUser gives the e-mail', user.UserAttributes);
  const refresh = () => client.send(new InitiateAuthCommand({
    ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: tokens.RefreshToken },
  }));
  check((await refresh()).AuthenticationResult?.AccessToken, 'a refresh gives an access token');
  await client.send(new GlobalSignOutCommand({ AccessToken: tokens.AccessToken }));
  check(await errorOf(refresh()) instanceof NotAuthorizedException, 'after a global sign-out a refresh is refused');
}

async function secondFactor(kind, factor, right, wrong) {
  const { email, password } = accounts[kind];
  const { ChallengeName, Session } = await proves(email, password);
  check(ChallengeName === factor && Session, `${kind} is asked for ${factor}`, ChallengeName);
  const code = right();
  const send = (text) => client.send(new RespondToAuthChallengeCommand({
    ClientId, ChallengeName, Session, ChallengeResponses: { USERNAME: email, [`${factor}_CODE`]: text },
  }));
  check(await errorOf(send(wrong(code))) instanceof CodeMismatchException, `a wrong code of ${kind} is refused`);
  check((await send(code)).AuthenticationResult?.AccessToken, `the right code of ${kind} signs in`);
}

async function refuses() {
  const { email, password } = accounts.refused;
  const wrong = await errorOf(proves(email, `${password}x`));
  check(wrong instanceof NotAuthorizedException, 'a wrong password is refused', wrong?.name);
  const unknown = await errorOf(proves('nobody@example.test', password));
  check(unknown?.name === wrong.name && unknown.message === wrong.message,
    'an unknown user meets the same error as a wrong password', unknown?.message);
}

await readsRefreshesAndSignsOut(await signsIn('ascii'));
await signsIn('utf8');
await secondFactor('totp', 'SOFTWARE_TOKEN_MFA', () => totpCode(accounts.totp), () => wrongTotp(accounts.totp));
await secondFactor('sms', 'SMS_MFA', () => sentCode(accounts.sms.phone), wrongCode);
await refuses();
finish();
