/** The style of the inspector. Nothing of it reaches the page, and nothing of the page's reaches it. */
export const STYLE = `
:host {
  all: initial;
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --tint: #f3f5f7;
  --life: #0b6bcb; --low: #b35900; --bad: #b3261e; --focus: #0b6bcb;
  color-scheme: light dark;
  position: fixed; z-index: 2147483647;
  display: flex; flex-direction: column; align-items: flex-end; gap: 8px;
  box-sizing: border-box; max-width: 100vw; max-height: 100vh; padding: 12px;
  font: 13px/1.45 system-ui, sans-serif; color: var(--text);
  pointer-events: none;
}
:host([data-corner^='bottom']) { bottom: 0; }
:host([data-corner^='top']) { top: 0; }
:host([data-corner$='right']) { right: 0; }
:host([data-corner$='left']) { left: 0; align-items: flex-start; }
@media (prefers-color-scheme: dark) {
  :host {
    --back: #16191d; --text: #e6e9ec; --soft: #a2abb5; --line: #3a424b; --tint: #22272d;
    --life: #6cb2ff; --low: #f0a04b; --bad: #ff9a91; --focus: #6cb2ff;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
section {
  display: flex; flex-direction: column; min-height: 0; max-width: 100%;
  background: var(--back); border: 1px solid var(--line); border-radius: 10px;
  box-shadow: 0 4px 16px rgb(0 0 0 / 0.18); overflow: hidden; pointer-events: auto;
}
section.open { width: 340px; max-height: min(520px, calc(100vh - 24px)); }
.head { display: flex; align-items: center; flex: none; }
button {
  font: inherit; color: inherit; background: none; border: 0; border-radius: 8px; margin: 0; cursor: pointer;
}
button:hover { background: var(--tint); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
.toggle {
  display: flex; align-items: center; gap: 8px; flex: 1; min-width: 0; padding: 8px 10px; text-align: start;
}
.words { display: flex; align-items: center; flex-wrap: wrap; gap: 2px 8px; min-width: 0; }
.title { font-weight: 600; overflow-wrap: anywhere; }
.kind { padding: 0 7px; border: 1px solid var(--line); border-radius: 99px; color: var(--soft); font-size: 12px; }
.count { color: var(--bad); font-weight: 600; }
.count:empty { display: none; }
.tools { display: flex; flex: none; padding-inline-end: 4px; }
.tool { display: grid; place-items: center; width: 32px; height: 32px; padding: 0; color: var(--soft); }
.tool svg { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 2; }
.body { overflow: auto; min-height: 0; padding: 4px 12px 12px; border-top: 1px solid var(--line); }
.ring { width: 18px; height: 18px; flex: none; fill: none; stroke-width: 10; }
.ring .track { stroke: var(--line); }
.ring .life { stroke: var(--life); }
.ring.low .life { stroke: var(--low); }
.ring.large { width: 72px; height: 72px; stroke-width: 6; margin-top: 8px; }
.ring .mark { stroke: var(--text); stroke-dasharray: 1.5 200; }
.ring .life, .ring .mark { transform: rotate(-90deg); transform-origin: center; }
.ring .time { fill: var(--text); font-size: 11px; text-anchor: middle; dominant-baseline: central; }
.top { display: flex; gap: 14px; }
dl { flex: 1; min-width: 0; margin: 8px 0 0; }
dl > div { display: grid; grid-template-columns: 82px 1fr; gap: 8px; margin-bottom: 6px; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
ul, ol { list-style: none; margin: 0; padding: 0; }
ul { display: flex; flex-wrap: wrap; gap: 4px; }
ul li { max-width: 100%; padding: 0 6px; background: var(--tint); border-radius: 5px; overflow-wrap: anywhere; }
ul li, code, .request { font-family: ui-monospace, monospace; font-size: 12px; }
h2 { margin: 8px 0 4px; font-size: 13px; font-weight: 600; }
p { margin: 2px 0; overflow-wrap: anywhere; }
.none, .request, time, .often { color: var(--soft); }
ol li { padding: 6px 0; border-top: 1px solid var(--line); }
.what { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; }
.what code { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
time { margin-inline-start: auto; font-size: 12px; }
a { color: var(--life); }
@media (prefers-reduced-motion: no-preference) {
  .ring .life { transition: stroke-dasharray 1s linear; }
}
@media (max-width: 599px) {
  section.open { width: calc(100vw - 24px); max-height: 50vh; }
}
@media (forced-colors: active) {
  .ring .track { stroke: GrayText; }
  .ring .life, .ring.low .life { stroke: Highlight; }
  .ring .mark { stroke: CanvasText; }
}
`;
