export { createEgress, type Egress, type EgressMethod, type EgressOptions, type EgressRequest, type EgressResponse, type Hop } from './egress.ts';
export { isPublicAddress } from './public-address.ts';
export type { Resolver } from './resolver.ts';
export type { Timeouts } from './time-limits.ts';
