import type { EventData, PartyName } from '@parley/bus';
import { CallStatus, Channel, EndCause, Party, type BillingEvent, type CallEvent, type ReactionEvent } from '@parley/contracts';
import type { SeededRandom } from './seeded-random.ts';

/** One thing that happens on a call. */
export interface Step {
  readonly data: EventData;
  /** Of reaction events. */
  readonly party?: PartyName;
}

type Story = (say: Steps, random: SeededRandom) => readonly Step[];

/** With their weight: eight steps on the average. */
const stories: readonly (readonly [weight: number, story: Story])[] = [
  [25, unanswered],
  [40, announcement],
  [35, chargedVideo],
];

/** What happens on a call, in the order in which it is published. */
export function callStory(callId: string, random: SeededRandom): readonly Step[] {
  let left = random.between(0, stories.reduce((sum, [weight]) => sum + weight, 0));
  const [, story] = stories.find(([weight]) => (left -= weight) < 0) ?? stories[0]!;
  return story(steps(callId), random);
}

function unanswered({ call }: Steps): readonly Step[] {
  return [...beginning(call), call({ $case: 'completed', value: { status: CallStatus.NO_ANSWER, cause: EndCause.NO_ANSWER, durationMs: 0n, final: true } })];
}

function beginning(call: Steps['call']): readonly Step[] {
  return [
    call({ $case: 'initiated', value: { parentLegId: '', from: '', to: '', direction: 0, applicationId: '', charge: undefined } }),
    call({ $case: 'ringing', value: {} }),
  ];
}

function announcement({ call }: Steps, random: SeededRandom): readonly Step[] {
  return [
    ...beginning(call),
    call({ $case: 'answered', value: {} }),
    call({ $case: 'verbStarted', value: { verb: 'Say', index: 0 } }),
    ...Array.from({ length: random.integer(0, 3) }, () => call({ $case: 'digitsReceived', value: { digits: String(random.integer(0, 9)) } })),
    ...Array.from({ length: random.integer(0, 2) }, (_, n) => call({ $case: 'applicationEventPublished', value: { name: 'order.step', dataJson: `{"n":${n}}` } })),
    call({ $case: 'verbEnded', value: { verb: 'Say', index: 0, outcome: '', code: '' } }),
    call({ $case: 'completed', value: { status: CallStatus.COMPLETED, cause: EndCause.HANGUP, durationMs: 9_000n, final: true } }),
  ];
}

function chargedVideo({ call, reaction, billing }: Steps, random: SeededRandom): readonly Step[] {
  const observed: readonly PartyName[] = random.chance(0.3) ? ['caller', 'callee'] : ['caller'];
  const charged = (n: number) => billing({ $case: 'charged', value: { entryId: `e${n}`, fromMs: 0n, toMs: 0n, chargedMs: 1_000n, amount: { currency: 'EUR', micros: 5n }, cumulative: undefined } });
  return [
    ...beginning(call),
    call({ $case: 'answered', value: {} }),
    call({ $case: 'videoStarted', value: { party: Party.CALLER, mediaOriginTime: undefined } }),
    ...observed.map((party) => reaction(party, { $case: 'observing', value: { policyId: 'p', policyVersion: 1 } })),
    billing({ $case: 'started', value: { walletId: 'w', policy: undefined } }),
    ...observed.map((party) => reaction(party, { $case: 'present', value: { channel: Channel.FACE, sinceMs: 0n } })),
    ...Array.from({ length: random.integer(1, 2) }, (_, n) => charged(n)),
    ...observed.map((party) => reaction(party, { $case: 'ended', value: { finalMs: 0n, reason: 'call_completed', analysed: 1n, skipped: 0n, refused: 0n } })),
    call({ $case: 'completed', value: { status: CallStatus.COMPLETED, cause: EndCause.HANGUP, durationMs: 9_000n, final: true } }),
    billing({ $case: 'settled', value: { total: { currency: 'EUR', micros: 5n }, chargedMs: 1_000n, unchargedMs: 0n, applied: [], reason: 'completed', limitMs: undefined, finalMs: 1_000n } }),
  ];
}

interface Steps {
  readonly call: (event: CallEvent['event']) => Step;
  readonly reaction: (party: PartyName, event: ReactionEvent['event']) => Step;
  readonly billing: (event: BillingEvent['event']) => Step;
}

function steps(legId: string): Steps {
  return {
    call: (event) => ({ data: { class: 'call', value: { legId, event } } }),
    reaction: (party, event) => ({
      party,
      data: { class: 'reaction', value: { party: party === 'caller' ? Party.CALLER : Party.CALLEE, legId, observedThroughMs: 0n, intervals: [], event } },
    }),
    billing: (event) => ({ data: { class: 'billing', value: { event } } }),
  };
}
