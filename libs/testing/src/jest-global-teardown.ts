import './jest-global-setup.ts';

export default async function globalTeardown(): Promise<void> {
  await globalThis.parleyTestPlatform?.stop();
}
