import { attempt, offerProvider, send, tell } from './service.js';

const find = (id) => document.getElementById(id);
// The secret is in the fragment, which no server sees.
const invitation = location.hash.slice(1);

/** Returns whether the person is signed in with this email. */
async function isSignedInAs(email) {
  try {
    return (await send('GET', 'v2/session')).account.email === email;
  } catch (error) {
    if (error.error === 'not_signed_in') return false;
    throw error;
  }
}

async function show() {
  const { organization, name, email, hasAccount } = await send('POST', 'v2/invitation', { invitation });
  const { openIdIssuer } = await send('GET', 'v2/sign-in-methods');
  const isSignedIn = hasAccount && (await isSignedInAs(email));
  find('organization').textContent = organization.name;
  find('person').textContent = name;
  find('email').value = email;
  const password = find('password');
  password.autocomplete = hasAccount ? 'current-password' : 'new-password';
  find('password-note').hidden = hasAccount;
  if (hasAccount) find('password-label').textContent = 'Password of your account';
  for (const element of [password, find('password-label')]) element.hidden = isSignedIn;
  password.required = !isSignedIn;
  find('invitation').hidden = false;
  if (!isSignedIn) {
    offerProvider(document.querySelector('.provider'), openIdIssuer, () => ({ invitation }));
    password.focus();
  }
  const form = find('accept-form');
  form.addEventListener(
    'submit',
    attempt(form.querySelector('button'), async () => {
      if (hasAccount && !isSignedIn) await send('POST', 'v2/session', { email, password: password.value });
      const body = hasAccount ? { invitation } : { invitation, password: password.value };
      await send('POST', 'v2/invitation/accept', body);
      // The link is gone from the history.
      location.replace('sign-in');
    }),
  );
}

show().catch(tell);
