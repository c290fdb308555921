module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['**/mocked.test.js'],
  moduleNameMapper: { '^daypass$': 'daypass/testing' },
};
