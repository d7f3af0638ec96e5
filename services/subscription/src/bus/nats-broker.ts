import { brokerErrors, type Bus } from '@parley/bus';
import type { Broker } from '../usecases/broker.ts';
import { findBeginnings } from './call-beginnings.ts';
import { currentPositions, keptSince, positionsBefore } from './stream-positions.ts';

/** The broker as the use cases know it. */
export function createNatsBroker(bus: Bus): Broker {
  return {
    currentPositions: (classes) => brokerErrors(() => currentPositions(bus, classes)),
    positionsBefore: (times) => brokerErrors(() => positionsBefore(bus, times)),
    keptSince: (times) => brokerErrors(() => keptSince(bus, times)),
    callBeginnings: (search) => brokerErrors(() => findBeginnings(bus, search)),
  };
}
