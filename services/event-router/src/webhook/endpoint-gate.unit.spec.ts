import { describe, expect, test } from '@jest/globals';
import type { Circuit } from '../domain/circuit.ts';
import type { Passed } from './endpoint-gate.ts';
import { EndpointGates } from './endpoint-gates.ts';

const settings = (concurrency: number, pauseMs = 600_000, patienceMs = Infinity) => ({ concurrency, circuit: { failures: 2, pausesMs: [pauseMs] }, patienceMs });
const well: Passed = { health: 'well', pauseMs: 0 };
const ill: Passed = { health: 'ill', pauseMs: 0 };
const { signal } = new AbortController();
const quick = (gates: EndpointGates, passed: Passed, endpoint = 'e') => gates.with(endpoint, async () => passed, (one) => one, signal);

/** Work that ends when it is told to. */
function startWork(gates: EndpointGates, endpoint: string, log: string[], name: string) {
  const ended = Promise.withResolvers<Passed>();
  const giving = new AbortController();
  const work = (): Promise<Passed> => {
    log.push(name);
    return ended.promise;
  };
  return {
    end: (passed = well) => ended.resolve(passed),
    giveUp: () => giving.abort(new Error('given up')),
    done: gates.with(endpoint, work, (passed) => passed, giving.signal),
  };
}
const turns = () => new Promise(setImmediate);

describe('the gate of an endpoint', () => {
  test('lets in as many at a time as it may, in the order in which they came', async () => {
    const gates = new EndpointGates(settings(2));
    const log: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => startWork(gates, 'e', log, name));
    await turns();
    expect(log).toEqual(['a', 'b']);
    b!.end();
    await b!.done;
    await turns();
    expect(log).toEqual(['a', 'b', 'c']);
    for (const work of [a, c, d]) work!.end();
    await Promise.all([a!.done, c!.done, d!.done]);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
  });

  test('endpoints do not wait for each other', async () => {
    const gates = new EndpointGates(settings(1));
    const log: string[] = [];
    const stuck = startWork(gates, 'dead', log, 'stuck');
    const waiting = startWork(gates, 'dead', log, 'waiting');
    const other = startWork(gates, 'alive', log, 'other');
    other.end();
    await other.done;
    expect(log).toEqual(['stuck', 'other']);
    stuck.end();
    waiting.end();
    await Promise.all([stuck.done, waiting.done]);
  });

  test('work that fails gives its turn back', async () => {
    const gates = new EndpointGates(settings(1));
    await expect(gates.with('e', () => Promise.reject(new Error('failed')), () => well, signal)).rejects.toThrow('failed');
    await expect(quick(gates, well)).resolves.toBe(well);
  });

  test('who gives up leaves the queue at once, and the next in it gets the turn', async () => {
    const gates = new EndpointGates(settings(1));
    const log: string[] = [];
    const [stuck, early, late] = ['stuck', 'early', 'late'].map((name) => startWork(gates, 'e', log, name));
    early!.giveUp();
    await expect(early!.done).rejects.toThrow('given up');
    expect(log).toEqual(['stuck']);
    stuck!.end();
    late!.end();
    await Promise.all([stuck!.done, late!.done]);
    expect(log).toEqual(['stuck', 'late']);
  });

  test('who had given up before takes no turn; who gives up at work keeps it until the end', async () => {
    const gates = new EndpointGates(settings(1));
    const log: string[] = [];
    await expect(gates.with('e', async () => well, (one) => one, AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up');
    const [first, second] = ['first', 'second'].map((name) => startWork(gates, 'e', log, name));
    await turns();
    first!.giveUp();
    second!.end();
    await turns();
    expect(log).toEqual(['first']);
    first!.end();
    await Promise.all([first!.done, second!.done]);
    expect(log).toEqual(['first', 'second']);
  });

  test('lets nobody in while the circuit is open, then one to find out, then all', async () => {
    const told: Circuit['kind'][] = [];
    const gates = new EndpointGates(settings(3, 30), (_, circuit) => told.push(circuit.kind));
    for (const passed of [ill, ill]) await quick(gates, passed);
    expect({ circuit: gates.circuitOf('e').kind, counts: gates.counts() }).toEqual({ circuit: 'open', counts: { open: 1, probing: 0 } });
    const log: string[] = [];
    const [probe, second, third] = ['probe', 'second', 'third'].map((name) => startWork(gates, 'e', log, name));
    await turns();
    expect(log).toEqual([]);
    while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect({ log: [...log], counts: gates.counts() }).toEqual({ log: ['probe'], counts: { open: 0, probing: 1 } });
    probe!.end();
    await probe!.done;
    await turns();
    expect(log).toEqual(['probe', 'second', 'third']);
    second!.end();
    third!.end();
    await Promise.all([second!.done, third!.done]);
    expect({ told, counts: gates.counts() }).toEqual({ told: ['open', 'closed'], counts: { open: 0, probing: 0 } });
  });

  test('of an endpoint that has not answered for too long refuses what has been due for too long, and nothing else', async () => {
    const gates = new EndpointGates(settings(1, 600_000, 100));
    for (const passed of [ill, ill]) await quick(gates, passed);
    const dueLong = performance.now() - 600_000;
    const early = gates.with('e', async () => well, (one) => one, signal, dueLong);
    await turns();
    await new Promise((resolve) => setTimeout(resolve, 120));
    // The next look, at the latest with the next probe.
    const log: string[] = [];
    const fresh = startWork(gates, 'e', log, 'fresh');
    await expect(early).rejects.toMatchObject({ code: 'webhook.circuit_open' });
    expect(log).toEqual([]);
    gates.reset('e');
    fresh.end();
    await expect(gates.with('e', async () => well, (one) => one, signal, dueLong)).resolves.toBe(well);
    await fresh.done;
  });

  test('lets nobody in while the endpoint wants to be left alone, and others go on', async () => {
    const gates = new EndpointGates(settings(3));
    await quick(gates, { health: 'ill', pauseMs: 600_000 });
    const log: string[] = [];
    const waiting = startWork(gates, 'e', log, 'waiting');
    await quick(gates, well, 'other');
    await turns();
    expect(log).toEqual([]);
    waiting.giveUp();
    await expect(waiting.done).rejects.toThrow('given up');
  });

  test('opens again when its subscription was changed', async () => {
    const gates = new EndpointGates(settings(1));
    for (const passed of [ill, { health: 'ill', pauseMs: 600_000 } as const]) await quick(gates, passed);
    const log: string[] = [];
    const waiting = startWork(gates, 'e', log, 'waiting');
    await turns();
    expect(log).toEqual([]);
    gates.reset('e');
    waiting.end();
    await waiting.done;
    expect(log).toEqual(['waiting']);
  });
});
