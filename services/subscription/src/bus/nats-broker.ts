import type { Bus } from '@parley/bus';
import type { Broker } from '../usecases/broker.ts';
import { brokerErrors } from './broker-errors.ts';
import { currentPositions } from './stream-positions.ts';

/** The broker as the use cases know it. */
export function createNatsBroker(bus: Bus): Broker {
  return {
    currentPositions: (classes) => brokerErrors(() => currentPositions(bus, classes)),
  };
}
