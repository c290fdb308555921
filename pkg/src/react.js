'use client';
/** A provider and hooks for React. */
import { createContext, createElement, useContext, useEffect, useState } from 'react';
import { connect } from 'daypass';

const Context = createContext(undefined);

/** What a component sees before there is a connection. */
const CONNECTING = { daypass: null, error: null };

export function useDaypass(options) {
  const [state, setState] = useState(CONNECTING);
  // Options are compared by what they say; of a function it is the last one given that counts.
  const key = JSON.stringify(options, (_, value) => (value instanceof URL ? value.href : value));
  useEffect(() => {
    let daypass;
    let isGone = false;
    connect(options).then(
      (connection) => {
        daypass = connection;
        if (isGone) connection.close();
        else setState({ daypass, error: null });
      },
      (error) => isGone || setState({ daypass: null, error }),
    );
    return () => {
      isGone = true;
      daypass?.close();
      setState(CONNECTING);
    };
  }, [key]);
  return state;
}

export function DaypassProvider({ options, children }) {
  return createElement(Context.Provider, { value: useDaypass(options) }, children);
}

export function useDaypassContext() {
  const state = useContext(Context);
  if (!state) throw new Error('useDaypassContext needs a <DaypassProvider> above it.');
  return state;
}
