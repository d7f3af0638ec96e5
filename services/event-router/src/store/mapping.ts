import type { DeadLetter, Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { DeadLetterDocument, DeliveryDocument } from './delivery-document.ts';

export function toDocument({ id, timeMs, ...rest }: Delivery): DeliveryDocument {
  return { _id: id, time: new Date(timeMs), ...rest };
}

export function toDelivery({ _id, time, ...rest }: DeliveryDocument): Delivery {
  return { id: _id, timeMs: time.getTime(), ...rest };
}

/** Of a document without its body. */
export function toPending({ _id, time, ...rest }: Omit<DeliveryDocument, 'body' | 'traceparent'>): PendingDelivery {
  return { id: _id, timeMs: time.getTime(), ...rest };
}

export function toDeadLetterDocument({ reason, diedAt, ...delivery }: DeadLetter): DeadLetterDocument {
  return { ...toDocument(delivery), reason, diedAt };
}

export function toDeadLetter({ reason, diedAt, ...document }: DeadLetterDocument): DeadLetter {
  return { ...toDelivery(document), reason, diedAt };
}
