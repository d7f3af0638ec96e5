// Writes nats-server.conf, which compose.yaml gives to NATS in a container.
import { writeFile } from 'node:fs/promises';
import { containerConfig } from './container-config.ts';

await writeFile(new URL('nats-server.conf', import.meta.url), containerConfig);
