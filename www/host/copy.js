// The buttons that copy a command or a piece of code.

export function startCopying() {
  document.addEventListener('click', async ({ target }) => {
    const button = target.closest('button.copy');
    if (!button) return;
    const code = button.closest('figure').querySelector('pre code');
    button.textContent = await copy(code);
    setTimeout(() => (button.textContent = 'Copy'), 1_500);
  });
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return 'Copied';
  } catch {
    // The browser refused: the visitor copies the selection.
    getSelection().selectAllChildren(code);
    return 'Ctrl+C';
  }
}
