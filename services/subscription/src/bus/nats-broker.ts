import type { Bus } from '@parley/bus';
import { natsClasses } from '../domain/sink.ts';
import type { Broker } from '../usecases/broker.ts';
import { brokerErrors } from './broker-errors.ts';
import { findBeginnings } from './call-beginnings.ts';
import { provision } from './downstream-consumers.ts';
import { currentPositions, keptSince, positionsBefore } from './stream-positions.ts';

/** The broker as the use cases know it. */
export function createNatsBroker(bus: Bus): Broker {
  return {
    currentPositions: (classes) => brokerErrors(() => currentPositions(bus, classes)),
    positionsBefore: (times) => brokerErrors(() => positionsBefore(bus, times)),
    keptSince: (times) => brokerErrors(() => keptSince(bus, times)),
    callBeginnings: (search) => brokerErrors(() => findBeginnings(bus, search)),
    provision: (accountId, { subscriptionId, rewind, filter, startsAfter }) =>
      brokerErrors(() => provision(bus, accountId, { subscriptionId, rewind, startsAfter, classes: natsClasses(filter) })),
  };
}
