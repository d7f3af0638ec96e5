import { describe, expect, test } from '@jest/globals';
import { standardPorts } from './ports.ts';

const all = (ports: ReturnType<typeof standardPorts>) => {
  const { services, ...others } = ports;
  return [...Object.values(others), ...Object.values(services).flat().flatMap(({ grpc, http }) => [grpc, http])];
};

describe('standard ports', () => {
  test('are the well-known ones, and no two are the same with as many replicas as there may be', () => {
    expect(standardPorts({}, {})).toMatchObject({
      nats: 4222,
      mongodb: 27017,
      services: { billing: [{ grpc: 7050, http: 7150 }], 'event-router': [{ grpc: 7020, http: 7120 }] },
    });
    const ports = all(standardPorts({ replicas: 10 }, {}));
    expect(ports).toHaveLength(105);
    expect(new Set(ports).size).toBe(105);
  });

  test('move together', () => {
    const moved = all(standardPorts({ replicas: 2 }, { PARLEY_PORT_OFFSET: '1000' }));
    expect(moved).toEqual(all(standardPorts({ replicas: 2 }, {})).map((port) => port + 1000));
  });

  test.each(['1000', '2000', '3000'])('an offset of %s leaves room for a Parley beside', (offset) => {
    const standard = all(standardPorts({ replicas: 10 }, {}));
    const moved = all(standardPorts({ replicas: 10 }, { PARLEY_PORT_OFFSET: offset }));
    expect(moved.filter((port) => standard.includes(port))).toEqual([]);
  });

  test.each(['-1', '1.5', 'many', '60000'])('an offset of %s is refused with the range that is possible', (offset) => {
    expect(() => standardPorts({}, { PARLEY_PORT_OFFSET: offset })).toThrow('has to be a whole number from 0 to 38518');
  });

  test('are not set aside for any number of replicas', () => {
    expect(() => standardPorts({ replicas: 11 }, {})).toThrow('11 replicas: ports are set aside for 10');
  });
});
