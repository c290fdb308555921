// A room's label: where in the room it is, and as much of it as fits.
import { squareMetres, svg } from './elements.js';
import { FONT } from './viewer-style.js';

const NAME_PX = 12.5;
const AREA_PX = 11;

/** Name and area as lines that fit in the room; nothing where the name does not fit. */
export function label(room, pixels) {
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

/** The largest upright box in the polygon, on a coarse grid: the middle of an L-shaped room may lie outside of it. */
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
