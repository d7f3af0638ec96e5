export { eventually } from './eventually.ts';
export { testBus, type TestBus } from './test-bus.ts';
export { testDatabase, type TestDatabase } from './test-database.ts';
export { testKeys, type TestKeys } from './test-keys.ts';
export { databaseUrl, workerNatsUrl } from './test-platform.ts';
export { Crash, CrashGate } from './crash-gate.ts';
export { type OperationGate } from './operation-gate.ts';
export { PauseGate } from './pause-gate.ts';
export { serviceVariables, type TestParts } from './service-variables.ts';
