// An answer as a developer sees it: a list of fields.

/** Shows every field of the SDK's error. */
export function showDeveloper(element, error) {
  const { code = error.name, status = 0, message, help = '', retryable = false } = error;
  const answer = status ? `HTTP ${status}` : 'no answer';
  showFields(element, { code, status: answer, message, help, retryable: retryable ? 'yes' : 'no' });
}

export function showFields(element, fields) {
  const list = document.createElement('dl');
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
