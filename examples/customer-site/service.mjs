// Requests to the token service. Its answers have the form of this backend's own, `{ status, text }` (http.mjs).

/** Returns a function that calls the token service at this origin and returns its answer unchanged, status included. */
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
