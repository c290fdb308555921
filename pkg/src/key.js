/** The key of this origin's proofs: it cannot be read out, and is kept in IndexedDB where that works. */

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const STORE = 'keys';

/** A store that has not answered by then will not, in milliseconds: some browsers' never do. */
const TIMEOUT = 1_000;

/** The key pair under this name. Where nothing can be kept, it lives as long as the page. */
export async function kept(name) {
  const made = await crypto.subtle.generateKey(ALGORITHM, false, ['sign']);
  try {
    const database = await opened();
    try {
      const store = database.transaction(STORE, 'readwrite').objectStore(STORE);
      const found = await done(store.get(name));
      // Another tab may have had the same thought: the transaction lets one in at a time.
      if (!found) await done(store.put(made, name));
      return found ?? made;
    } finally {
      database.close();
    }
  } catch {
    return made;
  }
}

function opened() {
  const request = indexedDB.open('daypass', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return done(request);
}

function done(request) {
  let timer;
  const answered = new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = reject;
    timer = setTimeout(reject, TIMEOUT);
  });
  return answered.finally(() => clearTimeout(timer));
}
