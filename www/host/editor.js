// The editor opens with a bundle from the backend. The page sees neither the partner key nor what the parameters mean.
import { post } from './post.js';

export function startEditor({ embed }) {
  const frame = document.querySelector('#editor-frame');
  const buttons = document.querySelectorAll('#editor [data-kind]');
  for (const button of buttons) button.addEventListener('click', () => open(button.dataset.kind));
  let latest = 0;
  open('reference');

  async function open(kind) {
    const turn = ++latest;
    for (const button of buttons) button.ariaPressed = String(button.dataset.kind === kind);
    // Without a bundle the editor itself tells visitor and developer.
    const { bundle = '' } = await post('open-editor', { kind }).catch(() => ({}));
    if (turn !== latest) return;
    frame.dataset.kind = kind;
    frame.src = `${embed}/editor.html?${new URLSearchParams({ bundle })}`;
  }
}
