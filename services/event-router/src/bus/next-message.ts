import type { SeqMsgRequest, StoredMsg } from '@nats-io/jetstream';
import { brokerErrors, decodeEvent, type Bus, type StreamedEvent } from '@parley/bus';

/**
 * The first message at or after a stream sequence whose subject matches, as the stream's leader has it: what it does not
 * know of is not there, which a consumer's count of what is pending cannot promise.
 */
export async function nextMessage(bus: Bus, stream: string, filter: string, from: number): Promise<StoredMsg | undefined> {
  // The server knows `next_by_subj` here as well; the client's type has it for direct gets only, which replicas that lag
  // behind may answer.
  const query: SeqMsgRequest & { readonly next_by_subj: string } = { seq: from, next_by_subj: filter };
  return (await bus.jsm.streams.getMessage(stream, query)) ?? undefined;
}

/**
 * The matching events of a range of stream sequences, in order, both ends included. For short ranges: each is asked for.
 * @param onMalformed an event that cannot be read is left out.
 * @throws ParleyError `bus.unavailable` from it
 */
export async function* eventsBetween(
  bus: Bus,
  { stream, filter, from, to }: { readonly stream: string; readonly filter: string; readonly from: number; readonly to: number },
  onMalformed: (error: unknown) => void,
): AsyncGenerator<StreamedEvent> {
  const firstFrom = (sequence: number) => brokerErrors(() => nextMessage(bus, stream, filter, sequence));
  for (let next = from; next <= to; ) {
    const message = await firstFrom(next);
    if (message === undefined || message.seq > to) return;
    next = message.seq + 1;
    const event = decoded(stream, message, onMalformed);
    if (event !== undefined) yield event;
  }
}

function decoded(stream: string, { subject, header, data, seq }: StoredMsg, onMalformed: (error: unknown) => void): StreamedEvent | undefined {
  try {
    return decodeEvent({ subject, headers: header, data, seq, info: { stream } });
  } catch (error) {
    onMalformed(error);
    return undefined;
  }
}
