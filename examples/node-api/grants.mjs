const PAGE = /^([a-z][a-z0-9+.-]*):(?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]+))?)?$/;
const PATTERN = /^(?:([^:]+):(?:\/\/|$))?(\[.*\]|[^:]*)(?::([0-9]+))?$/;
const WEB = new Map([['http', '80'], ['https', '443']]);

/** Whether claims may be used for a request: from this page, and without a proof. What it does not know, it refuses. */
export function isUsable(claims, origin) {
  const patterns = claims.origins ?? [];
  return claims.cnf === undefined && (patterns.length === 0 || patterns.some((pattern) => isFrom(origin, pattern)));
}

function isFrom(origin, pattern) {
  const [page, wanted] = [PAGE.exec(origin), PATTERN.exec(pattern)];
  if (!page || !wanted) return false;
  const [, pageScheme, pageHost = '', pagePort = WEB.get(pageScheme)] = page;
  const [, scheme, host, port] = wanted;
  const isScheme = scheme ? scheme === pageScheme : WEB.has(pageScheme);
  // A scheme alone, such as `vscode-webview:`, is for all its pages.
  const isHost = host === '' ? !WEB.has(pageScheme) : isHostLike(pageHost, host);
  return isScheme && isHost && (port === undefined || port === pagePort);
}

function isHostLike(pageHost, host) {
  const star = host.indexOf('*');
  if (star < 0) return pageHost === host;
  const [before, after] = [host.slice(0, star), host.slice(star + 1)];
  const middle = pageHost.slice(before.length, pageHost.length - after.length);
  if (middle === '' || pageHost !== before + middle + after) return false;
  // `*.` stands for subdomains; else the `*` is within a label, which is no encoded international name.
  const label = pageHost.slice(before.lastIndexOf('.') + 1);
  return host.startsWith('*.') || (!middle.includes('.') && !label.startsWith('xn--'));
}

/** Whether grants allow a scope, such as `floor:readPublic`, on one resource of a tenant. */
export function allows(grants, scope, tenant, id) {
  const [resource, action] = scope.split(':');
  const covers = (held) => {
    const [heldResource, heldAction = '*', heldId] = held.split(':');
    const isSame = (mine, wanted) => mine === '*' || mine === wanted;
    return isSame(heldResource, resource) && isSame(heldAction, action) && (heldId === undefined || heldId === id);
  };
  const reaches = (limits) => limits.length === 0 || limits.some((limit) => limit.id === id);
  return grants.some((grant) =>
    (grant.tenant === '*' || grant.tenant === tenant) &&
    grant.scopes.some(covers) &&
    reaches((grant.resources ?? []).filter((limit) => limit.type === resource)));
}
