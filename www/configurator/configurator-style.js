// The configurator's style.

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; padding: 20px 24px; color: #17242d; background: #fff; font: 15px/1.5 sans-serif; }
  .picture { height: 240px; }
  .picture svg { display: block; height: 100%; margin: auto; }
  h3 { margin: 8px 0; font-size: 18px; font-weight: 600; }
  .choices { display: flex; align-items: center; gap: 8px; padding: 6px 0; }
  .choices span { flex: 0 0 64px; color: #556570; }
  button {
    min-width: 30px; height: 30px; padding: 0 10px; font: inherit; font-size: 14px; color: inherit; background: #f3f6f7;
    border: 2px solid #d9e1e5; border-radius: 8px; cursor: pointer;
  }
  button.color { padding: 0; border-radius: 50%; }
  button[aria-pressed="true"] { border-color: #17242d; }
  .price { margin: 10px 0 0; font-size: 20px; font-variant-numeric: tabular-nums; }
  .refused { margin: 0; padding: 96px 0; text-align: center; color: #a5301f; }
`);
