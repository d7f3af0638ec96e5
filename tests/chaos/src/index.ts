// What other suites use of it.
export { connectBilling, type BillingAccess } from './charging/billing-access.ts';
export { recordBilling, type BillingRecord } from './charging/billing-record.ts';
export { eventsOf } from './charging/call-events.ts';
export type { ChargedCall } from './charging/call-plan.ts';
export { startChargingSystem, type ChargingSystem } from './charging/charging-system.ts';
export { planCalls, randomCallId, type PlannedCall } from './call-plan.ts';
export { startDeliverySystem, type DeliverySystem } from './delivery-system.ts';
export { liveCall, type LiveCall } from './live-call.ts';
export { connectProducers, type Producers } from './producers.ts';
export { seededRandom } from './seeded-random.ts';
