import { StrictMode, useCallback, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

const options = {
  api: import.meta.env.VITE_API,
  provider: '/floor-token', // the page's backend, in ../../start.mjs
  scopes: ['floor:readPrivate'],
  durationSeconds: 900,
};

function Floor() {
  const { daypass, error } = useDaypassContext();
  const [plan, setPlan] = useState(null);
  const [refusal, setRefusal] = useState(null);

  const read = useCallback(async () => {
    try {
      const response = await daypass.fetch('/v2/floor/first/plan.json');
      setRefusal(await daypass.refusal(response));
      setPlan(response.ok ? await response.json() : null);
    } catch (refused) {
      setPlan(null);
      setRefusal(refused);
    }
  }, [daypass]);
  useEffect(() => {
    if (daypass) read();
  }, [daypass, read]);

  if (!daypass) return <p role="status">{error ? `Refused: ${error.code}. ${error.help}` : 'Connecting…'}</p>;
  return (
    <>
      <button type="button" onClick={read}>Read again</button>
      {refusal && <p role="status">Refused: {refusal.code}. {refusal.help}</p>}
      {plan && <h1>{plan.name}</h1>}
      {plan && <ul>{plan.rooms.map((room) => <li key={room}>{room}</li>)}</ul>}
    </>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <DaypassProvider options={options}>
      <Floor />
    </DaypassProvider>
  </StrictMode>,
);
