// A component with the mock in the place of the SDK: `daypass/react` imports it too.
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, test } from 'vitest';
import { useDaypass } from 'daypass/react';
import { mock } from 'daypass/testing';

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
afterEach(() => mock.reset());

function Token() {
  const { daypass, error } = useDaypass({ api: 'https://api.example.com', provider: '/token' });
  return createElement('p', null, error ? error.code : daypass?.peek());
}

async function show() {
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  await act(async () => root.render(createElement(Token)));
  const { textContent } = document.body.lastChild;
  await act(async () => root.unmount());
  return textContent;
}

test('a component has the connection of the mock', async () => {
  expect(await show()).toBe('Bearer test-token');
});

test('a component sees the failure of the test', async () => {
  mock.set({ failure: 'provider_forbidden' });
  expect(await show()).toBe('provider_forbidden');
});
