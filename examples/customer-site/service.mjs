// Requests to the token service, and the backend's own answers: both are `{ status, text }`, so that one can be the other.

/** Returns a function that calls the token service at this origin and passes its answer on unchanged, status included. */
export function tokenService(origin) {
  return async (method, path, credential, body) => {
    const headers = { ...credential, ...(body && { 'Content-Type': 'application/json' }) };
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(origin + path, { method, headers, body: JSON.stringify(body), signal });
    return { status: response.status, text: await response.text() };
  };
}

export function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

export function json(status, value) {
  return { status, text: JSON.stringify(value) };
}

export function failed(status, error, message) {
  return json(status, { error, message, status });
}
