'use client';

import { useEffect, useState } from 'react';
import { DaypassProvider, useDaypassContext } from 'daypass/react';

const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });

export function Floor() {
  const [api, setApi] = useState(null);
  useEffect(() => setApi(new URLSearchParams(location.search).get('api')), []);
  if (!api) return <p>Loading</p>;
  return (
    <DaypassProvider options={{ api, provider }}>
      <Answer />
    </DaypassProvider>
  );
}

function Answer() {
  const { daypass, error } = useDaypassContext();
  const [answer, setAnswer] = useState('');
  useEffect(() => {
    daypass
      ?.fetch('/floor')
      .then((response) => response.text())
      .then(setAnswer);
  }, [daypass]);
  return <p id="answer">{error?.message ?? answer}</p>;
}
