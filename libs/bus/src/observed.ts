import { attributeNames, count, timed, withSpan, type Attributes } from '@parley/telemetry';
import type { Handled } from './call-queue.ts';
import type { StoredMessage } from './envelope.ts';
import type { StreamedEvent } from './event.ts';

// Telemetry of the bus as wrappers, so that the pipeline itself never touches a span.

type Handle<Lease> = (event: StreamedEvent, lease: Lease) => Promise<Handled>;

/** Each attempt at an event is a span in the trace that its producer began. */
export function observedHandle<Lease>(service: string, handle: Handle<Lease>): Handle<Lease> {
  return (event, lease) => {
    const labels = { [attributeNames.service]: service, [attributeNames.eventClass]: event.data.class };
    const run = async () => {
      const handled = await timed('parley.bus.handle.duration', labels, () => handle(event, lease));
      const outcome = typeof handled === 'string' ? handled : handled.outcome;
      if (outcome !== 'wait') count('parley.bus.consumed', 1, { ...labels, [attributeNames.outcome]: outcome });
      return handled;
    };
    return withSpan(`process ${event.data.class} event`, eventAttributes(event), run, {
      kind: 'consumer',
      parent: event.traceparent === '' ? undefined : event.traceparent,
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
