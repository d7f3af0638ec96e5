export { connectBus, type Bus, type BusConfig } from './connection.ts';
export { createPublisher, type Publisher } from './publisher.ts';
export {
  eventCodecs,
  eventTypes,
  type EventClass,
  type EventData,
} from './event-types.ts';
export {
  eventId,
  newEvent,
  sequenceText,
  type BusEvent,
  type CallAttributes,
  type NewEvent,
  type PartyName,
  type StreamedEvent,
} from './event.ts';
export { attributeOf, classTypePrefixes, filterVocabulary } from './event-attributes.ts';
export {
  decodeEvent,
  decodeStored,
  encodeEvent,
  headersOf,
  messageIdHeader,
  type ReceivedMessage,
  type StoredMessage,
} from './envelope.ts';
export {
  accountFilter,
  classFilter,
  downstreamConsumerName,
  downstreamDomain,
  findingsFilter,
  findingsSubject,
  inboxPrefix,
  ledgerFilter,
  ledgerSubject,
  partitionAccountFilter,
  partitionFilter,
  parseEventSubject,
  partitionOf,
  routerCommandSubject,
  settingsSubject,
  subscriptionsFilter,
  subscriptionSubject,
} from './subjects.ts';
export { buckets, declareStreams, eventStreams, eventWindowMs, findingsStream, ledgerStream, subscriptionsStream } from './streams.ts';
export { readStream, type ReaderOptions } from './partition-reader.ts';
export { readCallEvents, readToEnd, type RecordedEvent } from './recorded.ts';
export { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
export { oneByOne, type Handled, type HandleEvents, type Outcome, type Taken } from './call-queue.ts';
export type { PartitionLease } from './ownership.ts';
export { allPartitions, desiredOwner } from './partitions.ts';
export { mongoPositions, type Positions, type PositionStore, type StreamPosition } from './positions.ts';
export { mongoParking, type ParkedCall, type ParkedMessage, type ParkingStore } from './parking.ts';
export { parkingHandlers, type ParkingHandlers } from './parking-service.ts';
export { brokerErrors } from './broker-errors.ts';
export { isTransient } from './failure.ts';
