// Renders a component on a server that has no network, and prints it.
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

globalThis.fetch = () => {
  throw new Error('a server that renders fetches nothing');
};

function State() {
  const { daypass, error } = useDaypassContext();
  return createElement('p', null, daypass || error ? 'reached' : 'connecting');
}

const options = {
  api: '/api',
  provider: () => {
    throw new Error('a server that renders asks for no token');
  },
};
console.log(renderToString(createElement(DaypassProvider, { options }, createElement(State))));
