import { attributeNames, count, timed, withSpan, type Attributes, type Span } from '@parley/telemetry';
import type { HandleEvents } from './call-queue.ts';
import type { StoredMessage } from './envelope.ts';
import type { StreamedEvent } from './event.ts';

// Telemetry of the bus as wrappers, so that the pipeline itself never touches a span.

/** Each attempt at events is a span in the trace that the producer of the first one began. */
export function observedHandle<Lease>(service: string, handle: HandleEvents<[Lease]>): HandleEvents<[Lease]> {
  return (events, lease) => {
    const [first] = events;
    const labelsOf = ({ data }: StreamedEvent) => ({ [attributeNames.service]: service, [attributeNames.eventClass]: data.class });
    const run = async (span: Span) => {
      const handled = await timed('parley.bus.handle.duration', labelsOf(first), () => handle(events, lease));
      span.setAttribute(attributeNames.batchSize, handled.length);
      for (const [index, one] of handled.entries()) {
        const outcome = typeof one === 'string' ? one : one.outcome;
        if (outcome !== 'wait') count('parley.bus.consumed', 1, { ...labelsOf(events[index]!), [attributeNames.outcome]: outcome });
      }
      return handled;
    };
    return withSpan(`process ${first.data.class} event`, eventAttributes(first), run, {
      kind: 'consumer',
      parent: first.traceparent === '' ? undefined : first.traceparent,
    });
  };
}

/** The publish is a span of the trace that the message carries. */
export function observedPublish(message: StoredMessage, publish: () => Promise<void>): Promise<void> {
  const { headers } = message;
  const attributes: Attributes = {
    [attributeNames.subject]: message.subject,
    ...(headers['ce-type'] === undefined ? {} : { [attributeNames.eventType]: headers['ce-type'] }),
    ...(headers['ce-subject'] === undefined ? {} : { [attributeNames.callId]: headers['ce-subject'] }),
  };
  const run = () => timed('parley.bus.publish.duration', {}, publish);
  return withSpan('publish', attributes, run, { kind: 'producer', parent: headers['traceparent'] }).then(() =>
    count('parley.bus.published'),
  );
}

function eventAttributes(event: StreamedEvent): Attributes {
  return {
    [attributeNames.account]: event.accountId,
    [attributeNames.callId]: event.callId,
    [attributeNames.eventId]: event.id,
    [attributeNames.eventType]: event.type,
    [attributeNames.eventSequence]: Number(event.sequence),
    [attributeNames.stream]: event.stream,
  };
}
