import type { Egress } from '@parley/egress';
import type { LiveCall } from '../calls/live-call.ts';
import { findLeg } from '../domain/call/call-state.ts';
import { deviceAddress } from '../domain/call/leg.ts';
import type { LegAddress, LegLines } from '../devices/leg-lines.ts';
import type { BillingClient } from '../usecases/billing-client.ts';
import type { ApplicationRepository } from '../store/application-repository.ts';
import type { ObservationTokens } from './observation-tokens.ts';

/** What effects reach out to. */
export interface EffectPorts {
  readonly egress: Egress;
  readonly applications: Pick<ApplicationRepository, 'find'>;
  readonly lines: LegLines;
  readonly billing: BillingClient;
  readonly tokens: ObservationTokens;
}

/** Where the device of a leg is to be reached; undefined for a leg that the call does not have. */
export function legAddress({ state }: Pick<LiveCall, 'state'>, legId: string): LegAddress | undefined {
  const leg = findLeg(state, legId);
  if (leg === undefined) return undefined;
  return { accountId: state.accountId, callId: state.callId, legId, address: deviceAddress(leg) };
}
