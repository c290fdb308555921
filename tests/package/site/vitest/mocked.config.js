export default {
  resolve: { alias: [{ find: /^daypass$/, replacement: 'daypass/testing' }] },
  test: {
    environment: 'happy-dom',
    include: ['mocked.test.js', 'react.test.js'],
    // Without this, the alias does not reach `daypass/react`.
    server: { deps: { inline: ['daypass'] } },
  },
};
