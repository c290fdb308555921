export default { test: { environment: 'happy-dom', include: ['sdk.test.js'] } };
