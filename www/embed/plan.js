// A floor as a drawing: rooms to scale, labels where there is room for them, and a legend that answers to the pointer.

import { html, squareMetres, svg } from './elements.js';
import { label } from './label.js';

const MARGIN = 0.02; // of the longer side, so that the outer walls are not cut

export function drawPlan(floor) {
  const total = floor.rooms.reduce((sum, room) => sum + room.area, 0);
  const element = html('figure', 'viewer plan');
  element.setAttribute('aria-label', `Floor plan: ${floor.name}`);

  const header = html('figcaption', 'head');
  const size = `${floor.rooms.length} rooms · ${squareMetres(total)}`;
  header.append(html('span', 'name', floor.name), html('span', 'total', size));

  const drawing = svg('svg', { role: 'img', preserveAspectRatio: 'xMidYMid meet' });
  const rooms = floor.rooms.map((room) => `${room.name} ${squareMetres(room.area)}`);
  drawing.append(svg('title', {}, `${floor.name}: ${rooms.join(', ')}`));
  const margin = MARGIN * Math.max(floor.width, floor.depth);
  const box = { x: -margin, y: -margin, width: floor.width + 2 * margin, height: floor.depth + 2 * margin };
  drawing.setAttribute('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`);

  // Below the rooms lies one thick stroke along all of them: what remains of it around them is the outer wall.
  const walls = svg('path', { class: 'walls', d: floor.rooms.map(({ polygon }) => `M${polygon.join('L')}Z`).join('') });
  const shapes = svg('g', {});
  for (const room of floor.rooms) {
    const shape = svg('polygon', { points: room.polygon.join(' '), class: `room usage-${usageGroup(room.usage)}` });
    shape.addEventListener('pointerenter', () => point(room, shape));
    shape.addEventListener('pointerleave', () => point(null, shape));
    shapes.append(shape);
  }
  const labels = svg('g', { class: 'labels', 'aria-hidden': 'true' });
  drawing.append(walls, shapes, labels);

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
    for (const other of shapes.children) other.classList.toggle('pointed', room !== null && other === shape);
    element.classList.toggle('pointing', room !== null);
    pointed.textContent = room ? `${room.name} · ${words(room.usage)} · ${squareMetres(room.area)}` : '';
  }

  // Labels keep their size on the screen at every scale, so a resized plan needs a new layout.
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
