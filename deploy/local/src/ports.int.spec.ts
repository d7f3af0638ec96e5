import { expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { freePorts, isFree } from './ports.ts';

test('free ports are free, all different, and told from one that is in use', async () => {
  const { services, ...others } = await freePorts({ replicas: 2 });
  const ports = [
    ...Object.values(others),
    ...Object.values(services).flatMap((replicas) => replicas.flatMap(({ grpc, http }) => [grpc, http])),
  ];
  expect(ports).toHaveLength(25);
  expect(new Set(ports).size).toBe(25);
  expect(await Promise.all(ports.map(isFree))).not.toContain(false);

  const taken = ports[0] as number;
  const occupant = createServer().listen(taken, '127.0.0.1');
  await new Promise((resolve) => occupant.once('listening', resolve));
  expect(await isFree(taken)).toBe(false);
  await new Promise((resolve) => occupant.close(resolve));
});
