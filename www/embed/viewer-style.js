// The viewer's styles, in a sheet of their own: they and those of the host page do not affect each other.

export const FONT =
  '"Inter", "Segoe UI", -apple-system, "Helvetica Neue", "Noto Sans", "DejaVu Sans Condensed", sans-serif';

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  display: block;
  container-type: inline-size;
  --ink: #17242d; --soft: #5a6a74; --line: #dbe2e5; --paper: #fff; --wall: #2c3a43; --floor: #fbfcfc;
  --work: #dfeaf2; --meet: #f6e6c9; --social: #dcecdd; --arrive: #f3dfd8; --move: #f3f5f5; --service: #e4e6e9;
  --other: #ebe5f2;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ink: #e6edf0; --soft: #9fb0ba; --line: #2c3a43; --paper: #162128; --wall: #b9c6cd; --floor: #1a262d;
    --work: #25404f; --meet: #53431f; --social: #27452f; --arrive: #55352b; --move: #1e2b33;
    --service: #2c363d; --other: #3b3150;
  }
}
* { box-sizing: border-box; }
.viewer {
  margin: 0; min-height: 100%; color: var(--ink); background: var(--paper);
  font: 13px/1.45 ${FONT};
}
.plan { display: flex; flex-direction: column; height: 100%; }
.head, .foot { flex: none; display: flex; align-items: center; gap: 6px 16px; padding: 12px 18px; }
.head { justify-content: space-between; align-items: baseline; padding-bottom: 0; }
.name { font-weight: 600; font-size: 15px; }
.total { color: var(--soft); white-space: nowrap; }
.stage { position: relative; flex: auto; min-height: 0; margin: 6px 18px 0; aspect-ratio: 8 / 5; }
svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.walls { fill: none; stroke: var(--wall); stroke-width: 7; vector-effect: non-scaling-stroke; }
.room { stroke: var(--wall); stroke-width: 1.25; vector-effect: non-scaling-stroke; transition: filter .15s; }
.room.pointed { filter: brightness(.94) saturate(1.5); }
.usage-work { --usage: var(--work); }
.usage-meet { --usage: var(--meet); }
.usage-social { --usage: var(--social); }
.usage-arrive { --usage: var(--arrive); }
.usage-move { --usage: var(--move); }
.usage-service { --usage: var(--service); }
.usage-other { --usage: var(--other); }
.room { fill: var(--usage); }
text { text-anchor: middle; pointer-events: none; fill: var(--ink); }
.label { font-size: 12.5px; }
.area { font-size: 11px; fill: var(--soft); }
.foot { min-height: 44px; color: var(--soft); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; flex: 1; }
.key::before {
  content: ''; display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 3px;
  background: var(--usage); vertical-align: -1px;
  box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--wall) 25%, transparent);
}
.pointed:not(polygon) { display: none; flex: 1; color: var(--ink); }
.pointing .pointed { display: block; }
.pointing .legend { display: none; }
.scale {
  text-align: center; line-height: 1.2; border: solid var(--soft); border-width: 0 1px 1px; padding-bottom: 2px;
  white-space: nowrap;
}
.loading, .refused {
  display: grid; align-content: center; justify-items: center; gap: 6px; max-width: 100%; aspect-ratio: 8 / 5;
  padding: 28px; text-align: center;
}
.loading { color: var(--soft); animation: breathe 1.6s ease-in-out infinite alternate; }
.refused {
  color: var(--soft);
  background: repeating-linear-gradient(135deg, var(--paper) 0 11px, var(--floor) 11px 22px);
}
.refused p { margin: 0; max-width: 34ch; text-wrap: balance; }
.refused .title { color: var(--ink); font-size: 15px; font-weight: 600; }
button {
  margin-top: 8px; padding: 7px 14px; font: inherit; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-radius: 8px; cursor: pointer;
}
button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
@keyframes breathe { from { opacity: .55; } }
@media (prefers-reduced-motion: reduce) { .loading { animation: none; } .room { transition: none; } }
@container (max-width: 420px) {
  .head, .foot { padding-inline: 12px; }
  .stage { margin-inline: 8px; }
}
`);
