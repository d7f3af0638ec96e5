import type { UpdateSubscriptionRequest } from '@parley/contracts';
import { invalidArgument, type FieldViolation } from '@parley/errors';
import { fromEventFilterMessage } from '@parley/filters';
import type { UpdateSubscription } from '../usecases/update-subscription.ts';
import { invalidSink } from './convert.ts';

type Replaced = Pick<UpdateSubscription, 'filter' | 'paused' | 'url'>;

/** What each path of a mask replaces. */
const paths: Readonly<Record<string, (request: UpdateSubscriptionRequest) => Replaced>> = {
  filter: ({ filter }) => ({ filter: fromEventFilterMessage(filter) }),
  paused: ({ paused }) => ({ paused }),
  'sink.webhook.url': ({ sink }) => {
    if (sink?.kind?.$case !== 'webhook') throw invalidSink('sink.webhook.url', 'is missing');
    return { url: sink.kind.value.url };
  },
};

/** Without a mask. */
const defaultPaths = ['filter', 'paused'];

/**
 * What of a request is meant to be replaced.
 * @throws ParleyError `request.invalid_argument` for paths that cannot be, `subscription.invalid_sink`
 */
export function replacedBy(request: UpdateSubscriptionRequest): Replaced {
  const mask = request.updateMask === undefined || request.updateMask.length === 0 ? defaultPaths : request.updateMask;
  const violations = mask.flatMap((path, index): FieldViolation[] =>
    Object.hasOwn(paths, path) ? [] : [{ field: `update_mask.paths[${index}]`, description: `is none of ${Object.keys(paths).join(', ')}` }],
  );
  if (violations.length > 0) throw invalidArgument(violations);
  return Object.assign({}, ...mask.map((path) => paths[path]!(request))) as Replaced;
}
