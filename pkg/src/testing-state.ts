/** The state that the entry and its connections share. */
import type { Mock, MockSettings } from './testing-settings.js';

type OpenConnection = Mock['connections'][number];

export const state: { settings: MockSettings; connections: Set<OpenConnection> } = {
  settings: {},
  connections: new Set(),
};
