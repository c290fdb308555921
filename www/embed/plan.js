// A floor as a drawing: rooms to scale, labels where there is room for them, and a legend that answers to the pointer.

import { FONT } from './viewer-style.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 0.02; // of the longer side, so that the outer walls are not cut
const NAME_PX = 12.5;
const AREA_PX = 11;

export function drawPlan(floor) {
  const total = floor.rooms.reduce((sum, room) => sum + room.area, 0);
  const element = html('figure', 'viewer plan');
  element.setAttribute('aria-label', `Floor plan: ${floor.name}`);

  const header = html('figcaption', 'head');
  header.append(html('span', 'name', floor.name), html('span', 'total', `${floor.rooms.length} rooms · ${squareMetres(total)}`));

  const drawing = svg('svg', { role: 'img', preserveAspectRatio: 'xMidYMid meet' });
  drawing.append(svg('title', {}, `${floor.name}: ${floor.rooms.map((room) => `${room.name} ${squareMetres(room.area)}`).join(', ')}`));
  const margin = MARGIN * Math.max(floor.width, floor.depth);
  const box = { x: -margin, y: -margin, width: floor.width + 2 * margin, height: floor.depth + 2 * margin };
  drawing.setAttribute('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`);

  // Below the rooms lies one thick stroke along all of them: what remains of it around them is the outer wall.
  const walls = svg('path', { class: 'walls', d: floor.rooms.map(({ polygon }) => `M${polygon.join('L')}Z`).join('') });
  const rooms = svg('g', {});
  for (const room of floor.rooms) {
    const shape = svg('polygon', { points: room.polygon.join(' '), class: `room usage-${usageGroup(room.usage)}` });
    shape.addEventListener('pointerenter', () => point(room, shape));
    shape.addEventListener('pointerleave', () => point(null, shape));
    rooms.append(shape);
  }
  const labels = svg('g', { class: 'labels', 'aria-hidden': 'true' });
  drawing.append(walls, rooms, labels);

  const stage = html('div', 'stage');
  stage.append(drawing);
  const foot = html('div', 'foot');
  const legend = html('div', 'legend');
  const groups = new Set(floor.rooms.map((room) => usageGroup(room.usage)));
  for (const group of groups) legend.append(html('span', `key usage-${group}`, words(group)));
  const pointed = html('div', 'pointed');
  const scale = html('span', 'scale');
  foot.append(legend, pointed, scale);
  element.append(header, stage, foot);

  function point(room, shape) {
    for (const other of rooms.children) other.classList.toggle('pointed', room !== null && other === shape);
    element.classList.toggle('pointing', room !== null);
    pointed.textContent = room ? `${room.name} · ${words(room.usage)} · ${squareMetres(room.area)}` : '';
  }

  // Labels keep their size on the screen whatever the scale, so they are laid out again when the plan is resized.
  const observer = new ResizeObserver(() => {
    const pixels = Math.min(stage.clientWidth / box.width, stage.clientHeight / box.height);
    if (!(pixels > 0)) return;
    labels.replaceChildren(...floor.rooms.flatMap((room) => label(room, pixels)));
    const metres = pixels * 5 < 24 ? 10 : 5;
    scale.textContent = `${metres} m`;
    scale.style.width = `${metres * pixels}px`;
  });
  observer.observe(stage);
  return element;
}

/** Name and area as lines that fit in the room; nothing where the name does not fit. */
function label(room, pixels) {
  const spot = labelSpot(room.polygon);
  const across = spot.width * pixels - 10;
  const down = spot.height * pixels - 8;
  const lines = wrap(room.name, across);
  if (!lines || lines.length * NAME_PX * 1.2 > down) return [];
  const area = squareMetres(room.area);
  const withArea = textWidth(area, AREA_PX) <= across && (lines.length * NAME_PX + AREA_PX) * 1.25 <= down;

  const line = 1.2 * NAME_PX;
  const group = svg('text', { transform: `translate(${spot.x} ${spot.y}) scale(${1 / pixels})` });
  const first = -((lines.length - 1 + (withArea ? 1 : 0)) * line) / 2 + 0.36 * NAME_PX;
  lines.forEach((text, index) => group.append(svg('tspan', { x: 0, y: first + index * line, class: 'label' }, text)));
  if (withArea) group.append(svg('tspan', { x: 0, y: first + lines.length * line, class: 'area' }, area));
  return [group];
}

/** Words on one to three lines, `null` where even the longest word is too wide. */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (textWidth(word, NAME_PX) > width) return null;
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (textWidth(longer, NAME_PX) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.length <= 3 ? lines : null;
}

const measure = document.createElement('canvas').getContext('2d');
function textWidth(text, size) {
  measure.font = `${size}px ${FONT}`;
  return measure.measureText(text).width;
}

/** The largest upright box in the polygon that a coarse grid finds: rooms may be L-shaped, so their middle may lie outside. */
function labelSpot(polygon) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const xCuts = [...new Set(xs)].sort((a, b) => a - b);
  const yCuts = [...new Set(ys)].sort((a, b) => a - b);
  let best = { x: mean(xs), y: mean(ys), width: 0, height: 0, size: 0 };
  for (const [left, right] of pairs(xCuts)) {
    for (const [top, bottom] of pairs(yCuts)) {
      const size = (right - left) * (bottom - top);
      if (size <= best.size || !covers(polygon, left, top, right, bottom, xCuts, yCuts)) continue;
      best = { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top, size };
    }
  }
  return best;
}

function covers(polygon, left, top, right, bottom, xCuts, yCuts) {
  const middles = (cuts, from, to) =>
    cuts.slice(1).map((cut, index) => (cut + cuts[index]) / 2).filter((middle) => middle > from && middle < to);
  return middles(xCuts, left, right).every((x) => middles(yCuts, top, bottom).every((y) => inside(polygon, x, y)));
}

function inside(polygon, x, y) {
  let within = false;
  polygon.forEach(([ax, ay], index) => {
    const [bx, by] = polygon.at(index - 1);
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) within = !within;
  });
  return within;
}

function pairs(values) {
  return values.flatMap((low, index) => values.slice(index + 1).map((high) => [low, high]));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// Colours are few: what people do in a room, not each building's own word for it.
const GROUPS = [
  ['work', /work|office|desk|focus|studio/i],
  ['meet', /meet|conference|board|phone|call/i],
  ['social', /social|lounge|kitchen|caf|lunch|eat|dining|terrace|event/i],
  ['arrive', /lobby|reception|entrance|foyer/i],
  ['move', /circulation|corridor|hall|stair|lift|elevator/i],
  ['service', /service|storage|technical|toilet|wc|wash|sanitary|core|server|print|utility|rest/i],
];
function usageGroup(usage) {
  return GROUPS.find(([, pattern]) => pattern.test(usage))?.[0] ?? 'other';
}

function words(usage) {
  const text = usage.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function squareMetres(area) {
  return `${Math.round(area)} m²`;
}

function html(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function svg(name, attributes, text = '') {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
