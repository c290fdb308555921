// The configurator: the module that a website loads from the product's origin, and starts with a public token.
import { drawChair } from './chair.js';
import { sheet } from './configurator-style.js';

const api = new URL(import.meta.url).origin;

// #region player
/**
 * Shows a product in `el` and lets the visitor configure it. `authToken` is a public access token: it stands in the
 * page, and the API accepts it from the token's domains alone. Resolves when the configurator is ready or refused;
 * `el.dataset.configurator` is `ready` or `refused`.
 */
export async function threekitPlayer({ authToken, el, assetId }) {
  const call = caller(authToken);
  const root = el.shadowRoot ?? el.attachShadow({ mode: 'open' });
  // A constructed sheet needs no exception from the website's Content-Security-Policy.
  root.adoptedStyleSheets = [sheet];
  try {
    const product = await call('GET', `/api/products/${assetId}`);
    return show(el, root, product, call);
  } catch (error) {
    root.replaceChildren(element('p', { className: 'refused', textContent: 'The configurator is not available here.' }));
    el.dataset.configurator = 'refused';
    throw error;
  }
}

/** Returns a function that sends a request with a token, and throws the API's refusal. */
function caller(token) {
  return async (method, path, body) => {
    // In the query, so that no request needs a preflight for its header.
    const url = `${api}${path}?${new URLSearchParams({ bearer_token: token })}`;
    const isForm = body instanceof FormData;
    const headers = body && !isForm ? { 'Content-Type': 'application/json' } : {};
    const response = await fetch(url, { method, headers, body: isForm ? body : body && JSON.stringify(body) });
    const answer = await response.json();
    if (response.ok) return answer;
    throw Object.assign(new Error(answer.message), { code: answer.error, status: response.status });
  };
}
// #endregion

function show(el, root, product, call) {
  const configuration = Object.fromEntries(product.attributes.map(({ name, values }) => [name, values[0]]));
  const picture = element('div', { className: 'picture' });
  const price = element('p', { className: 'price' });
  const rows = product.attributes.map((attribute) => choices(attribute, set));
  root.replaceChildren(picture, element('h3', { textContent: product.name }), ...rows, price);
  draw();
  el.dataset.configurator = 'ready';
  return { assetId: product.id, getConfiguration: () => ({ ...configuration }), saveConfiguration, sendEvent };

  function set(name, value) {
    configuration[name] = value;
    draw();
    el.dispatchEvent(new CustomEvent('configured', { detail: { name, value } }));
  }

  function draw() {
    picture.replaceChildren(drawChair(configuration));
    const extras = Object.keys(configuration).filter((name) => configuration[name] === true);
    const total = extras.reduce((sum, name) => sum + (product.price[name] ?? 0), product.price.base);
    price.textContent = `${product.price.currency} ${total}`;
    for (const button of root.querySelectorAll('button')) {
      button.ariaPressed = String(String(configuration[button.dataset.name]) === button.value);
    }
  }

  // #region save
  /** Saves the configuration, and returns its record, whose `shortId` opens it again. */
  function saveConfiguration() {
    const form = new FormData();
    form.append('productId', product.id);
    form.append('productVersion', 'v1');
    form.append('variant', JSON.stringify(configuration));
    return call('POST', '/api/configurations', form);
  }

  /** Sends an event to the product's analytics. */
  function sendEvent(eventType, eventMetadata = {}) {
    return call('POST', '/api/analytics/events', { eventType, eventMetadata, assetId: product.id });
  }
  // #endregion
}

/** Returns a row of buttons, one for each value of an attribute. */
function choices({ name, type, values }, set) {
  const buttons = values.map((value) => {
    const text = value === true ? 'With' : value === false ? 'Without' : '';
    const button = element('button', { type: 'button', value: String(value), textContent: text });
    button.dataset.name = name;
    button.title = `${name}: ${value}`;
    if (type === 'Color') {
      button.className = 'color';
      button.style.background = value;
    }
    button.addEventListener('click', () => set(name, value));
    return button;
  });
  const row = element('div', { className: 'choices', role: 'group', ariaLabel: name });
  row.append(element('span', { textContent: name }), ...buttons);
  return row;
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
