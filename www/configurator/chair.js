// The picture of the configured chair.

const SVG = 'http://www.w3.org/2000/svg';

/** Draws a chair in its colours, as an SVG element. */
export function drawChair({ Seat: seat, Frame: frame, Arms: arms }) {
  const svg = shape('svg', { viewBox: '0 0 240 220', role: 'img', 'aria-label': 'Lounge chair' });
  const leg = (path) => shape('path', { d: path, stroke: frame, 'stroke-width': 9, 'stroke-linecap': 'round', fill: 'none' });
  svg.append(
    leg('M62 150 L48 206'),
    leg('M178 150 L196 206'),
    leg('M92 152 L86 198'),
    leg('M150 152 L158 198'),
    shape('path', { d: 'M70 24 Q120 8 170 24 L178 124 Q120 136 62 124 Z', fill: seat }),
    shape('path', { d: 'M56 122 Q120 140 184 122 L190 148 Q120 166 50 148 Z', fill: seat, stroke: frame, 'stroke-width': 2 }),
  );
  if (arms) svg.append(leg('M50 146 L46 98 L74 92'), leg('M190 146 L194 98 L166 92'));
  return svg;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}
