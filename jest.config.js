/** Tests stand beside the code; *.unit.spec.ts without I/O, *.int.spec.ts and *.e2e.spec.ts with the real parts. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
  testMatch: ['**/*.(unit|int|e2e).spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/.tools/', '/.data/'],
  modulePathIgnorePatterns: ['<rootDir>/.tools/', '<rootDir>/.data/'],
  // Servers for integration tests, started when a test asks for one.
  globalSetup: '<rootDir>/libs/testing/src/jest-global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/jest-global-teardown.ts',
  testTimeout: 60_000,
};
