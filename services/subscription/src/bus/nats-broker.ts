import type { Bus } from '@parley/bus';
import { natsClasses } from '../domain/sink.ts';
import type { Broker } from '../usecases/broker.ts';
import { brokerErrors } from './broker-errors.ts';
import { provision } from './downstream-consumers.ts';
import { currentPositions } from './stream-positions.ts';

/** The broker as the use cases know it. */
export function createNatsBroker(bus: Bus): Broker {
  return {
    currentPositions: (classes) => brokerErrors(() => currentPositions(bus, classes)),
    provision: (accountId, { subscriptionId, filter, startsAfter }) =>
      brokerErrors(() => provision(bus, accountId, { subscriptionId, startsAfter, classes: natsClasses(filter) })),
  };
}
