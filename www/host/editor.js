// The editor opens with a bundle from the backend. The page sees neither the partner key nor the parameters' meaning.

export function startEditor({ embed }) {
  const frame = document.querySelector('#editor-frame');
  const buttons = document.querySelectorAll('#editor [data-kind]');
  for (const button of buttons) button.addEventListener('click', () => open(button.dataset.kind));
  let latest = 0;
  open('reference');

  async function open(kind) {
    const turn = ++latest;
    for (const button of buttons) button.ariaPressed = String(button.dataset.kind === kind);
    const response = await fetch('open-editor', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind }),
    });
    // Without a bundle the editor says itself, to visitor and developer, that there is none.
    const { bundle = '' } = response.ok ? await response.json() : {};
    if (turn !== latest) return;
    frame.dataset.kind = kind;
    frame.src = `${embed}/editor.html?${new URLSearchParams({ bundle })}`;
  }
}
