// Measures the time from `import()` until the module can be called, on a page that has loaded and is idle.

/** The imported modules, by row. */
const MODULES = {
  "browser/import": "/daypass/index.js",
  "import/nowasm": "/daypass/nowasm.js",
  "import/auth0-spa-js": "/peers/auth0-spa-js.js",
  "import/jose": "/peers/jose.js",
  "import/oidc-client-ts": "/peers/oidc-client-ts.js",
  "import/keycloak-js": "/peers/keycloak-js.js",
  "import/auth-js": "/peers/auth-js.js",
  "import/nothing": "/page/nothing.js",
};

/** Returns the median of each row in nanoseconds; each import runs in a page that was just loaded. */
export async function measureImports(tab, { origin }, times, before) {
  const modules = before ? { ...MODULES, "import/before": "/peers/before.js" } : MODULES;
  const taken = Object.keys(modules).map((row) => [row, []]);
  for (let time = 0; time < times; time++) {
    for (const [row, figures] of time % 2 ? taken.toReversed() : taken) {
      await tab.goto(origin);
      figures.push(await tab.evaluate(importToReady, modules[row]));
    }
  }
  return Object.fromEntries(taken.map(([row, figures]) => [row, figures.sort((a, b) => a - b)[(times - 1) >> 1]]));
}

async function importToReady(url) {
  await new Promise((resolve) => requestIdleCallback(resolve));
  const begin = performance.now();
  const { initialise } = await import(url);
  await initialise?.();
  return (performance.now() - begin) * 1e6;
}
