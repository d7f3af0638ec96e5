// What other suites use of it.
export { planCalls, type PlannedCall } from './call-plan.ts';
export { startDeliverySystem, type DeliverySystem } from './delivery-system.ts';
export { liveCall, type LiveCall } from './live-call.ts';
export { connectProducers, type Producers } from './producers.ts';
export { seededRandom } from './seeded-random.ts';
