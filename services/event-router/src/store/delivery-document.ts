/** A delivery that is pending; `_id` is `<subscription>/<event>`. */
export interface DeliveryDocument {
  readonly _id: string;
  /** Of the call: whose owner makes the delivery. */
  readonly partition: number;
  readonly subscriptionId: string;
  readonly accountId: string;
  readonly callId: string;
  readonly eventId: string;
  readonly stream: string;
  readonly streamSequence: number;
  /** Of the event. */
  readonly time: Date;
  readonly attempts: number;
  readonly notBefore: Date;
  readonly body: string;
  readonly traceparent: string;
}

/** A delivery that was given up. */
export interface DeadLetterDocument extends DeliveryDocument {
  readonly reason: string;
  readonly diedAt: Date;
}
