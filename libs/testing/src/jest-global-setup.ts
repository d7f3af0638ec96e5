import { startTestPlatform, type TestPlatform } from './test-platform.ts';

declare global {
  // What `var` declares is what globalThis has, by TypeScript's rules.
  // eslint-disable-next-line no-var
  var parleyTestPlatform: TestPlatform | undefined;
}

export default async function globalSetup(): Promise<void> {
  globalThis.parleyTestPlatform = await startTestPlatform();
}
