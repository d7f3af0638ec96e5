import type { RewindSubscriptionRequest, RewindSubscriptionResponse } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { CallContext } from '@parley/grpc';
import { rewindSubscription, type RewindTarget } from '../usecases/rewind-subscription.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { fromStart, toSubscription } from './convert.ts';

export function rewindSubscriptionHandler(ports: SubscriptionPorts) {
  return async ({ subscriptionId, to }: RewindSubscriptionRequest, { identity }: CallContext): Promise<RewindSubscriptionResponse> => {
    const subscription = await rewindSubscription(ports, { accountId: identity.accountId, subscriptionId, to: fromTarget(to) });
    return { subscription: toSubscription(subscription, ports.now()) };
  };
}

function fromTarget(to: RewindSubscriptionRequest['to']): RewindTarget {
  if (to?.$case === 'cursor') return { kind: 'cursor', cursor: to.value };
  const start = fromStart(to?.value);
  if (start === undefined) throw invalidArgument([{ field: 'to', description: 'is missing: a cursor or a start' }]);
  return start;
}
