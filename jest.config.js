/** Tests run as compiled by build.js, so that they exercise the files that users run. */
export default {
  rootDir: 'dist/test',
  runtime: './../../test/runtime.cjs',
  globalSetup: '<rootDir>/support/postgresServer.js',
  globalTeardown: '<rootDir>/support/postgresServerEnd.js',
  testEnvironment: './../../test/environment.js',
  testSequencer: './../../test/sequencer.cjs',
  testMatch: ['**/*.test.js'],
  transform: {},
  testTimeout: 60_000,
};
