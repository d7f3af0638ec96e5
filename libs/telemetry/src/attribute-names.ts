/**
 * Keys of span attributes, log fields and metric labels. They live here alone, so that a dashboard and the code agree.
 * Never put an address, a text or a token under any of them.
 */
export const attributeNames = {
  service: 'service.name',
  instance: 'service.instance.id',
  account: 'parley.account',
  callId: 'parley.call.id',
  legId: 'parley.leg.id',
  party: 'parley.party',
  errorCode: 'parley.error.code',
  eventId: 'parley.event.id',
  eventType: 'parley.event.type',
  eventClass: 'parley.event.class',
  eventSequence: 'parley.event.sequence',
  partition: 'parley.partition',
  epoch: 'parley.lease.epoch',
  outcome: 'parley.outcome',
  channel: 'parley.channel',
  verb: 'parley.verb',
  command: 'parley.command',
  transport: 'parley.transport',
  circuitState: 'parley.circuit.state',
  policyId: 'parley.policy.id',
  policyVersion: 'parley.policy.version',
  reason: 'parley.reason',
  subject: 'messaging.destination.name',
  stream: 'messaging.nats.stream',
  consumer: 'messaging.consumer.group.name',
  batchSize: 'messaging.batch.message_count',
  rpcMethod: 'rpc.method',
  rpcService: 'rpc.service',
  rpcStatus: 'rpc.grpc.status_code',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  httpRoute: 'http.route',
  serverAddress: 'server.address',
  collection: 'db.collection.name',
  operation: 'db.operation.name',
} as const;

export type AttributeName = (typeof attributeNames)[keyof typeof attributeNames];
