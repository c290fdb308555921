export default {
  resolve: { alias: [{ find: /^daypass$/, replacement: 'daypass/testing' }] },
  test: { environment: 'happy-dom', include: ['mocked.test.js'] },
};
