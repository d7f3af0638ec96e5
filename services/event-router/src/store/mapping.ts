import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { DeliveryDocument } from './delivery-document.ts';

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
