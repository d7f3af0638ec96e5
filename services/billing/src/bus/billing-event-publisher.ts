import { newEvent, type Publisher } from '@parley/bus';
import { count } from '@parley/telemetry';
import { entryIdOf } from '../domain/wallet.ts';
import type { BillingEventPublisher } from '../usecases/run-effect.ts';
import { toBillingEvent } from './convert.ts';

/** Everything of the event comes from what was stored, so that it is the same event however often it is published. */
export function createBillingEventPublisher(publisher: Publisher): BillingEventPublisher {
  return {
    publish: async (effect, entry) => {
      const { accountId, callId, payer, sequence, fact, cause, attributes } = effect;
      const value = toBillingEvent(fact, effect, entry === undefined ? '' : entryIdOf(entry));
      await publisher.publish(
        newEvent({
          accountId,
          callId,
          ...(payer && { party: payer }),
          sequence,
          time: new Date(Number(cause.atMs)),
          causationId: cause.id,
          traceparent: cause.traceparent,
          call: attributes,
          data: { class: 'billing', value },
        }),
      );
      if (fact.type === 'charged') count('parley.billing.charged');
      if (fact.type === 'settled') count('parley.billing.settled', 1, { 'parley.reason': fact.reason });
    },
  };
}
