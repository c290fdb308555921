// Renders a component on a server that has no network, and prints it.
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

globalThis.fetch = () => {
  throw new Error('rendering on a server must not fetch');
};

function State() {
  const { daypass, error } = useDaypassContext();
  return createElement('p', null, daypass || error ? 'connected' : 'connecting');
}

const options = {
  api: '/api',
  provider: () => {
    throw new Error('rendering on a server must not request a token');
  },
};
console.log(renderToString(createElement(DaypassProvider, { options }, createElement(State))));
