// A component in StrictMode, which mounts it, unmounts it and mounts it again. The test changes its options, delays its
// tokens, and unmounts it.
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

const api = new URLSearchParams(location.search).get('api');
/** Which render's provider was called, and how many connections were closed when an effect used them. */
globalThis.calls = [];
globalThis.sawClosed = 0;
/** The status of the backend's failures, while it fails. */
globalThis.failure = 0;

function Answer({ who }) {
  const { daypass, error, retry } = useDaypassContext();
  Object.assign(globalThis, { daypass, retry });
  const [answer, setAnswer] = useState('');
  useEffect(() => {
    setAnswer('');
    const fail = (error) => (error.code === 'closed' ? (globalThis.sawClosed += 1) : setAnswer(error.message));
    daypass?.fetch('/floor').then(async (response) => setAnswer(await response.text()), fail);
  }, [daypass, who]);
  return <p id="answer">{error ? error.code : answer}</p>;
}

function Page({ who, scopes, share, life = 600 }) {
  const provider = async () => {
    globalThis.calls.push(who);
    await globalThis.held;
    const status = globalThis.failure;
    if (status) throw Object.assign(new Error('no token'), { status });
    return { authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + life };
  };
  return (
    <DaypassProvider options={{ api, provider, scopes, share, timeoutSeconds: 1 }}>
      <Answer who={who} />
    </DaypassProvider>
  );
}

const root = createRoot(document.getElementById('root'));
globalThis.show = (props) =>
  root.render(
    <StrictMode>
      <Page {...props} />
    </StrictMode>,
  );
globalThis.hide = () => root.render(null);
