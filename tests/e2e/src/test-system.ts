import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareScene, type Scene, type SceneSetting } from '@parley/examples';
import { describePlatform, ensureKeys, ensureTools, freePorts, natsKeysDir, silentProgress, startSupervisor, type Supervisor } from '@parley/local';
import { sceneOptions } from '@parley/local/scene';

/** A whole Parley of its own, on free ports and in a folder of its own. */
export interface TestSystem {
  readonly supervisor: Supervisor;
  readonly logDir: string;
  /** @param setting the demo's, if nothing is said; @param account `acme`, if nothing is said */
  prepareScene(setting?: SceneSetting, account?: string): Promise<Scene>;
  stop(): Promise<void>;
}

/** @param replicas of each service */
export async function startTestSystem(replicas = 1): Promise<TestSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  const ports = await freePorts({ replicas });
  await ensureTools({ progress: silentProgress });
  const keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
  // The database of MONGODB_URL, where that is set, is shared with other runs.
  const databasePrefix = `e2e_${Date.now().toString(36)}`;
  const platform = await describePlatform({ ports, keys, dataDir, databasePrefix });
  const supervisor = await startSupervisor(platform.specs, { logDir: platform.logDir, progress: silentProgress });
  return {
    supervisor,
    logDir: platform.logDir,
    prepareScene: (setting, account) => prepareScene(sceneOptions(platform, ports, keys, account), setting),
    stop: async () => {
      await supervisor.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
