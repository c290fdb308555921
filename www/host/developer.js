// A refusal as a developer meets it: every field of the SDK's error.

export function showDeveloper(element, error) {
  const { code = error.name, status = 0, message, help = '', retryable = false } = error;
  const list = document.createElement('dl');
  const fields = { code, status: status ? `HTTP ${status}` : 'no answer', message, help, retryable: retryable ? 'yes' : 'no' };
  for (const [name, value] of Object.entries(fields)) {
    const term = document.createElement('dt');
    term.textContent = name;
    const text = document.createElement('dd');
    text.dataset.field = name;
    text.textContent = value;
    list.append(term, text);
  }
  element.replaceChildren(list);
  element.hidden = false;
}
