// What the drawing is made of.

const SVG = 'http://www.w3.org/2000/svg';

export function squareMetres(area) {
  return `${Math.round(area)} m²`;
}

export function html(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

export function svg(name, attributes, text = '') {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
