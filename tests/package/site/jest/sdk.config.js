module.exports = { testEnvironment: 'jsdom', testMatch: ['**/sdk.test.js'] };
