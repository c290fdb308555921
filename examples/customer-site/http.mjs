// JSON over HTTP: an answer is `{ status, text }`.

export function json(status, value) {
  return { status, text: JSON.stringify(value) };
}

export function failed(status, error, message) {
  return json(status, { error, message, status });
}

export function send(response, { status, text }) {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

/**
 * Reads a request's body, a JSON object; `null` for anything else.
 * SECURITY: a page of another origin cannot send this type without a preflight, which this server does not answer.
 */
export async function readBody(request) {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return null;
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 10_000) return null;
  }
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
