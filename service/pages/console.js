// What a page of the console does beyond its forms and links, which work without it.

/** Copies the text of the element that a button names, and says so to all. */
async function copy(button, label) {
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = 'Copied';
  } catch {
    // Without a permission: the person copies what is selected.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    button.textContent = 'Selected';
  }
  setTimeout(() => (button.textContent = label), 3000);
}

for (const button of document.querySelectorAll('button[data-copies]')) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener('click', () => copy(button, label));
}

// A second click sends no form twice: of two new tokens, the page would show one alone.
let isSent = false;
addEventListener('submit', (event) => {
  if (!event.target.matches('form[method=post]')) return;
  if (isSent) event.preventDefault();
  isSent = true;
});
addEventListener('pageshow', () => (isSent = false));

// The page that shows a token answers a form: a reload must not send it once more.
const { after } = document.querySelector('main').dataset;
if (after) history.replaceState(null, '', after);

document.querySelector('section.problem')?.focus();
