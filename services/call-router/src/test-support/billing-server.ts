import { ChargeAuthorizationServiceService, OnExhausted, Party, Payer, RoundingMode, type ChargeAuthorization } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { createGrpcServer, grpcService, type Verifier } from '@parley/grpc';

/** What billing answers. */
export interface BillingAnswers {
  authorization: ChargeAuthorization | undefined | 'refused';
  extendTo: bigint | 'refused';
}

/** The other service at the end of a real connection, which answers as a test says. */
export interface BillingServer {
  readonly port: number;
  readonly answers: BillingAnswers;
  /** Policies that were named for calls; empty: none. */
  readonly policies: Map<string, string>;
  /** What it was asked, with the account that the token speaks for. */
  readonly asked: { readonly method: string; readonly accountId: string; readonly callId: string; readonly knownUntilMs?: bigint | undefined }[];
  stop(): Promise<void>;
}

export async function startBillingServer(verifier: Verifier): Promise<BillingServer> {
  const answers: BillingAnswers = { authorization: undefined, extendTo: 0n };
  const asked: BillingServer['asked'] = [];
  const policies = new Map<string, string>();
  const refused = () => parleyError('wallet.insufficient_balance', 'the balance does not cover it');
  const service = grpcService(ChargeAuthorizationServiceService, {
    scope: 'service',
    handlers: {
      authorizeCharge: ({ callId, policyId }, { identity: { accountId } }) => {
        asked.push({ method: 'authorize', accountId, callId });
        policies.set(callId, policyId);
        if (answers.authorization === 'refused') throw refused();
        return { authorization: answers.authorization };
      },
      extendGrant: ({ callId, knownUntilMs }, { identity: { accountId } }) => {
        asked.push({ method: 'extend', accountId, callId, knownUntilMs });
        if (answers.extendTo === 'refused') throw refused();
        return { grantedUntilMs: answers.extendTo };
      },
      releaseGrant: ({ callId }, { identity: { accountId } }) => {
        asked.push({ method: 'release', accountId, callId });
        return {};
      },
    },
  });
  const server = await createGrpcServer({ port: 0, host: '127.0.0.1', verifier, services: [service] });
  return { port: server.port, answers, policies, asked, stop: () => server.stop(0) };
}

export function authorization(grantedUntilMs: bigint, onExhausted: OnExhausted = OnExhausted.END): ChargeAuthorization {
  return {
    walletId: 'acme/client:alice',
    calleeWalletId: 'acme/client:bob',
    payer: Party.CALLER,
    grantedUntilMs,
    utcOffsetMinutes: 60,
    policy: {
      policyId: 'PO1',
      version: 3,
      terms: {
        currency: 'EUR',
        rateMicros: 9_007_199_254_740_993n,
        unitMs: 60_000n,
        freePeriodMs: 0n,
        faceAbsentMs: 1_100n,
        voiceAbsentMs: 1_200n,
        textAbsentMs: 1_300n,
        textHoldMs: 1_400n,
        maxGapMs: 500n,
        livenessMs: 9_000n,
        minFaceAreaRatio: 0.02,
        chargeRecoveredGrace: true,
        chargeLapsedGrace: false,
        rounding: RoundingMode.HALF_UP,
        roundingIncrementMicros: 10_000n,
        entryGridMs: 1_000n,
        grantMs: 10_000n,
        onExhausted,
        prices: {
          tiers: [{ fromMs: 60_000n, rateMicros: 9_007_199_254_740_991n }],
          connectionFeeMicros: 1n,
          minimumChargeMicros: 2n,
          maximumChargeMicros: 9_007_199_254_740_995n,
          facePermille: 1000,
          voicePermille: 0,
          textPermille: undefined,
          weekBands: [{ fromMinute: 60, permille: 800 }],
          timeZone: 'Europe/Berlin',
          resumeAfterMs: 500n,
          payer: Payer.CALLER,
          hostPermille: 250,
        },
      },
    },
  };
}
