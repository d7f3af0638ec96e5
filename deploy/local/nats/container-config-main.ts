// Makes the keys of this machine's NATS, and the configuration that compose.yaml gives to NATS in a container.
import { replaceWhole } from '../src/whole-files.ts';
import { containerConfig, containerConfigFile } from './container-config.ts';
import { ensureNatsKeys } from './nats-keys.ts';

await replaceWhole(containerConfigFile, await containerConfig(await ensureNatsKeys()));
process.stdout.write(`${containerConfigFile}\n`);
