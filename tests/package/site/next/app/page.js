// A server component. It can render the provider, whose module says 'use client'.
import { DaypassProvider } from 'daypass/react';
import { Floor } from './floor.js';

const temporaryToken = { authorization: 'Bearer good', expiresAt: 4102444800 };

export default function Page() {
  return (
    <DaypassProvider options={{ api: 'https://api.example.com', temporaryToken }}>
      <Floor />
    </DaypassProvider>
  );
}
