'use client';
/** A provider and hooks for React. */
import { createContext, createElement, useContext, useEffect, useRef, useState } from 'react';
import { connect } from 'daypass';

const Context = createContext(undefined);

/** What a component sees before there is a connection. */
const CONNECTING = { daypass: null, error: null };

export function useDaypass(options) {
  const [reached, setReached] = useState({});
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  // Options are compared by what they say. Functions differ with each render and say nothing: the last one is called.
  const key = JSON.stringify(options, (_, value) => (typeof value === 'function' ? 'function' : value));
  useEffect(() => {
    let daypass;
    let isGone = false;
    const provider = typeof options?.provider === 'function' && { provider: (...all) => latest.current.provider(...all) };
    connect(options && { ...options, ...provider }).then(
      (connection) => {
        daypass = connection;
        if (isGone) connection.close();
        else setReached({ key, state: { daypass, error: null } });
      },
      (error) => isGone || setReached({ key, state: { daypass: null, error } }),
    );
    return () => {
      isGone = true;
      daypass?.close();
      setReached({});
    };
  }, [key]);
  // What other options reached is closed by now.
  return reached.key === key ? reached.state : CONNECTING;
}

export function DaypassProvider({ options, children }) {
  return createElement(Context.Provider, { value: useDaypass(options) }, children);
}

export function useDaypassContext() {
  const state = useContext(Context);
  if (!state) throw new Error('useDaypassContext needs a <DaypassProvider> above it.');
  return state;
}
