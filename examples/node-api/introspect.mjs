const service = process.env.DAYPASS_ISSUER ?? 'https://tokens.example.com';

/** What a token may do, or null if it is not active. */
export async function introspect(token) {
  const response = await fetch(`${service}/introspect`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.DAYPASS_TOKEN}` },
    body: new URLSearchParams({ token }),
  });
  if (!response.ok) throw new Error(`the token service answered ${response.status}`);
  const answer = await response.json();
  if (!answer.active) return null;
  const { record } = answer;
  return record ? { kind: record.kind, grants: record.grants, origins: record.origins } : answer;
}
