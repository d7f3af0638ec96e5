import { eventStreams } from '@parley/bus';
import type { Sink as SinkMessage } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import { natsClasses } from '../domain/sink.ts';
import type { WantedSink } from '../usecases/create-subscription.ts';

export { toMessage as toSubscription } from '../bus/convert.ts';

/** @throws ParleyError `subscription.invalid_sink` */
export function fromSink(sink: SinkMessage | undefined): WantedSink {
  switch (sink?.kind?.$case) {
    case 'webhook':
      return { kind: 'webhook', url: sink.kind.value.url };
    case 'nats':
      return { kind: 'nats' };
    case undefined:
      throw parleyError('subscription.invalid_sink', 'a sink is needed: webhook or nats', {
        details: { violations: [{ field: 'sink', description: 'is missing' }] },
      });
  }
}

/** The streams on which a NATS sink with this filter has a consumer. */
export function streamsOf(filter: EventFilter): string[] {
  return natsClasses(filter).map((eventClass) => eventStreams[eventClass]);
}
