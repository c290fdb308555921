import { attempt, offerProvider, send, tell } from './service.js';

// Where the OpenID Connect provider's response led. Only the code comes with it, so that no link shows a text of its own.
const FAILURES = {
  invalid_invitation: 'The invitation is not valid. Ask the person who invited you for a new link.',
  invalid_request: 'The identity cannot be linked: it is another account’s, or the account has one.',
  not_signed_in: 'An account with the invited email exists. Sign in, and open the invitation again.',
  sign_in_failed: 'The provider did not confirm an account of this service. Try again, or use an invitation.',
};

// An authorization request that waits for the sign-in. It goes back to the service alone, whatever it is.
const given = new URLSearchParams(location.hash.slice(1));
const authorize = given.get('authorize');
// The console, by a word of its own: no link leads from here to another site. A provider's response comes without it.
if (given.get('to') === 'console') sessionStorage.setItem('to', 'console');
const isForConsole = authorize === null && sessionStorage.getItem('to') === 'console';
const isOnTheWay = authorize !== null || isForConsole;

function goOn() {
  sessionStorage.removeItem('to');
  location.replace(authorize === null ? 'console' : `oauth/authorize?${authorize}`);
}

const find = (id) => document.getElementById(id);

function showSession({ account, memberships }, issuer) {
  find('signed-out').hidden = true;
  find('signed-in').hidden = false;
  document.title = `${account.name} · Daypass`;
  find('name').textContent = account.name;
  find('account-email').textContent = `Signed in as ${account.email}`;
  const items = memberships.map(({ organization, role }) => {
    const item = document.createElement('li');
    for (const text of [organization.name, organization.suspendedAt === null ? role : `${role}, suspended`]) {
      item.append(Object.assign(document.createElement('span'), { textContent: text }));
    }
    return item;
  });
  find('memberships').replaceChildren(...items);
  if (items.length === 0) find('memberships').textContent = 'None. Ask for an invitation.';
  if (account.identityProvider === null) {
    offerProvider(find('link'), issuer, () => ({ link: true, password: find('link-password').value }));
  }
  find('name').focus();
}

/** Shows the form, to a person who is signed in with another account too. */
function askForSignIn(account) {
  find('for-application').hidden = authorize === null;
  find('other-account').hidden = account === null;
  if (account !== null) find('other-account').textContent = `You are signed in as ${account.email}.`;
  find('signed-out').hidden = false;
  const request = authorize === null ? {} : { authorize };
  offerProvider(document.querySelector('.provider'), openIdIssuer, () => request);
  find('email').focus();
}

const { openIdIssuer } = await send('GET', 'v2/sign-in-methods');
try {
  const session = await send('GET', 'v2/session');
  if (!isOnTheWay) showSession(session, openIdIssuer);
  else if (given.has('another')) askForSignIn(session.account);
  else goOn();
} catch (error) {
  if (error.error !== 'not_signed_in') tell(error);
  askForSignIn(null);
}

const failure = given.get('error');
if (failure !== null) {
  tell({ message: FAILURES[failure] ?? FAILURES.sign_in_failed });
  // The request stays, for a reload.
  history.replaceState(null, '', authorize === null ? location.pathname : `#${new URLSearchParams({ authorize })}`);
}

const form = find('password-form');
form.addEventListener(
  'submit',
  attempt(form.querySelector('button'), async () => {
    const session = await send('POST', 'v2/session', Object.fromEntries(new FormData(form)));
    form.reset();
    if (isOnTheWay) goOn();
    else showSession(session, openIdIssuer);
  }),
);
find('sign-out').addEventListener(
  'click',
  attempt(find('sign-out'), async () => {
    await send('DELETE', 'v2/session');
    location.reload();
  }),
);
