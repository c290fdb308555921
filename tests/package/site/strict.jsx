// A component in StrictMode, which mounts it, unmounts it and mounts it again. The test changes its options, holds its tokens back, and unmounts it.
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

const api = new URLSearchParams(location.search).get('api');
/** Who was asked for a token, and how many connections were closed when an effect used them. */
globalThis.asked = [];
globalThis.sawClosed = 0;

function Answer({ who }) {
  const { daypass, error } = useDaypassContext();
  const [answer, setAnswer] = useState('');
  useEffect(() => {
    setAnswer('');
    const tell = (error) => (error.code === 'closed' ? (globalThis.sawClosed += 1) : setAnswer(error.message));
    daypass?.fetch('/floor').then(async (response) => setAnswer(await response.text()), tell);
  }, [daypass, who]);
  return <p id="answer">{error ? error.code : answer}</p>;
}

function Page({ who, scopes, life = 600 }) {
  const provider = async () => {
    globalThis.asked.push(who);
    await globalThis.held;
    return { authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + life };
  };
  return (
    <DaypassProvider options={{ api, provider, scopes }}>
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
