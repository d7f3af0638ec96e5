import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Verb } from '../twiml/verb.ts';
import type { CallCommand } from './call-command.ts';
import { isPublished, type CallEvent } from './call-event.ts';
import { absentCall, type CallState } from './call-state.ts';
import { nextDeadlineMs } from './deadlines.ts';
import { decide } from './decide.ts';
import { effectsOfAll } from './effects.ts';
import { evolve } from './evolve.ts';
import { charge, childId, countingIds, inbound, outbound, rootId } from './scenario.fixture.ts';

// What must hold for every call, whatever it is told, in whatever order.

const legId = fc.constantFrom(rootId, childId, `CA${'2'.padStart(32, '0')}`, 'CAnone');
const link = { url: 'https://app.example/next', method: 'POST' } as const;

const verb: fc.Arbitrary<Verb> = fc.oneof(
  fc.record({ verb: fc.constant('Say' as const), text: fc.string(), loop: fc.nat(2) }),
  fc.record({ verb: fc.constant('Pause' as const), lengthMs: fc.nat(3000) }),
  fc.record({ verb: fc.constant('Dial' as const), target: fc.constant('client:bob'), timeoutMs: fc.nat(30_000), timeLimitMs: fc.nat(60_000) }),
  fc.record({ verb: fc.constant('Dial' as const), target: fc.constant('client:bob'), timeoutMs: fc.nat(3000), timeLimitMs: fc.nat(5000), action: fc.constant(link) }),
  fc.constant<Verb>({ verb: 'Redirect', to: link }),
  fc.constant<Verb>({ verb: 'Reject', reason: 'busy' }),
  fc.constant<Verb>({ verb: 'Hangup' }),
);
const verbs = fc.array(verb, { maxLength: 4 });
/** -1 stands for the turn that the call waits for; others are stale or will be. */
const turn = fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(30) });
const requestId = fc.constantFrom('a', 'b', 'c');

const downgrading = { ...charge, grantedUntilMs: 4_000, policy: { ...charge.policy, terms: { ...charge.policy.terms, onExhausted: 'downgrade' as const } } };
const { fallbackUrl: _f, ...noFallback } = inbound.application;
const place: fc.Arbitrary<CallCommand> = fc.record({
  base: fc.constantFrom(inbound, outbound),
  consents: fc.boolean(),
  application: fc.constantFrom(inbound.application, noFallback),
  authorization: fc.constantFrom({ kind: 'free' } as const, { kind: 'granted', charge } as const, { kind: 'granted', charge: downgrading } as const, { kind: 'refused' } as const),
}).map(({ base, ...rest }) => ({ ...base, ...rest }));

const deviceCommand: fc.Arbitrary<CallCommand> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('report_ringing', 'decline', 'hang_up', 'start_video', 'stop_video', 'device_unreachable', 'device_lost'),
    legId,
  }),
  fc.record({ kind: fc.constant('answer' as const), legId, consents: fc.boolean() }),
  fc.record({ kind: fc.constant('send_digits' as const), legId, digits: fc.string({ maxLength: 3 }) }),
  fc.record({ kind: fc.constant('send_text' as const), legId, text: fc.string() }),
);

const programCommand: fc.Arbitrary<CallCommand> = fc.oneof(
  fc.record({ kind: fc.constant('instructions_received' as const), turn, verbs, durationMs: fc.nat(100) }),
  fc.record({
    kind: fc.constant('instructions_missing' as const),
    turn,
    code: fc.constant('instructions.timeout' as const),
    twilioCode: fc.constant(11205),
    httpStatus: fc.constant(0),
  }),
  fc.record({ kind: fc.constant('speech_ended' as const), turn, code: fc.constant('' as const) }),
);

const otherCommand: fc.Arbitrary<CallCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('update' as const),
    requestId,
    change: fc.oneof(
      fc.record({ kind: fc.constant('document' as const), verbs }),
      fc.record({ kind: fc.constant('url' as const), url: fc.constant(link.url) }),
      fc.constant({ kind: 'hang_up' as const }),
    ),
  }),
  fc.record({ kind: fc.constant('publish_application_event' as const), requestId, name: fc.constant('x'), dataJson: fc.constant('{}') }),
  fc.record({ kind: fc.constant('grant_extended' as const), untilMs: fc.nat(100_000) }),
  fc.constant<CallCommand>({ kind: 'grant_not_extended' }),
  fc.record({ kind: fc.constant('status_callback_settled' as const), number: fc.nat(5) }),
  fc.constant<CallCommand>({ kind: 'router_lost' }),
);

interface Step {
  readonly command: CallCommand;
  readonly afterMs: number;
  /** Instead of `command`, one that fits the state: else calls hardly ever get far. */
  readonly fitting: number | undefined;
  /** What a document holds when one is waited for. */
  readonly verbs: readonly Verb[];
}

const step: fc.Arbitrary<Step> = fc.record({
  fitting: fc.option(fc.nat(1000), { freq: 4, nil: undefined }),
  verbs,
  command: fc.oneof(
    { weight: 10, arbitrary: deviceCommand },
    { weight: 8, arbitrary: programCommand },
    { weight: 3, arbitrary: otherCommand },
    { weight: 6, arbitrary: fc.constant<CallCommand>({ kind: 'time_passed' }) },
    { weight: 1, arbitrary: place },
  ),
  // Clocks may go back.
  afterMs: fc.integer({ min: -500, max: 4000 }),
});

const history = fc.tuple(place, fc.array(step, { maxLength: 40, size: 'max' }));

/** Commands that the call waits for, or that its devices may well send. */
function fittingCommands(state: CallState, documentVerbs: readonly Verb[]): CallCommand[] {
  if (state.kind !== 'live') return [{ kind: 'status_callback_settled', number: state.kind === 'ended' ? (state.callbacks[0]?.number ?? 0) : 0 }];
  const { program } = state;
  const forLegs = state.legs.flatMap((leg): CallCommand[] => {
    if (leg.kind === 'ended') return [];
    if (leg.kind === 'in_progress') return [{ kind: leg.video ? 'stop_video' : 'start_video', legId: leg.legId }, { kind: 'send_text', legId: leg.legId, text: 'hi' }, { kind: 'send_digits', legId: leg.legId, digits: '1#' }];
    return ['report_ringing', 'answer', 'answer'].map((kind) => ({ kind, legId: leg.legId }) as CallCommand);
  });
  const forProgram: CallCommand[] =
    program.kind === 'fetching'
      ? [1, 2, 3].map(() => ({ kind: 'instructions_received', turn: program.turn, verbs: documentVerbs, durationMs: 1 }))
      : [{ kind: 'speech_ended', turn: current({ kind: 'speech_ended', turn: -1, code: '' }, state).turn, code: '' }];
  const grant: CallCommand[] = state.grant !== undefined && state.grant.extendAtMs === undefined ? [{ kind: 'grant_extended', untilMs: state.grant.untilMs + 5000 }, { kind: 'grant_not_extended' }] : [];
  const update: CallCommand = { kind: 'update', requestId: `u${state.nextSequence}`, change: { kind: 'document', verbs: documentVerbs } };
  return [...forLegs, ...forProgram, ...grant, update, { kind: 'time_passed' }];
}

interface Told {
  readonly states: readonly CallState[];
  readonly events: readonly CallEvent[];
}

function tell([first, steps]: [CallCommand, readonly Step[]], check?: (before: CallState, events: readonly CallEvent[], after: CallState, nowMs: number) => void): Told {
  const ids = countingIds();
  const states: CallState[] = [absentCall];
  const events: CallEvent[] = [];
  let nowMs = 10_000;
  for (const step of [{ command: first, afterMs: 0, fitting: undefined, verbs: [] }, ...steps]) {
    nowMs += step.afterMs;
    const before = states.at(-1)!;
    const decision = decide(commandOf(step, before), before, nowMs, ids);
    check?.(before, decision.events, decision.state, nowMs);
    states.push(decision.state);
    events.push(...decision.events);
  }
  return { states, events };
}

function commandOf({ command, fitting, verbs: documentVerbs }: Step, state: CallState): CallCommand {
  if (fitting === undefined) return 'turn' in command ? current(command, state) : command;
  const choices = fittingCommands(state, documentVerbs);
  return choices[fitting % choices.length]!;
}

/** The turn of an answer from outside that the call cannot go on without. */
function turnWaitedFor(state: CallState): number | undefined {
  if (state.kind !== 'live') return undefined;
  if (state.program.kind === 'fetching') return state.program.turn;
  return state.program.kind === 'running' && state.program.step?.kind === 'speaking' ? state.program.step.turn : undefined;
}

function current<C extends { readonly turn: number }>(command: C, state: CallState): C {
  if (command.turn !== -1 || state.kind !== 'live') return command;
  const { program } = state;
  const turn = program.kind === 'fetching' ? program.turn : program.kind === 'running' ? (program.step?.turn ?? -1) : -1;
  return { ...command, turn };
}

const runs = { numRuns: 2000 };

test('the histories go far enough for the other properties to mean something', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(history, (told) => {
      for (const kind of new Set(tell(told).events.map((event) => event.kind))) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    runs,
  );
  const rare = [...seen].filter(([, count]) => count < 10).map(([kind]) => kind);
  expect(rare).toEqual([]);
  expect(seen.size).toBe(20);
});

test('published events are numbered without a gap, and time never goes back', () => {
  fc.assert(
    fc.property(history, (told) => {
      const published = tell(told).events.filter(isPublished);
      expect(published.map(({ sequence }) => sequence)).toEqual(published.map((_, index) => index));
      published.forEach(({ atMs }, index) => expect(atMs).toBeGreaterThanOrEqual(published[index - 1]?.atMs ?? 0));
    }),
    runs,
  );
});

test('each leg ends at most once, nothing of it follows, and the root ends last', () => {
  fc.assert(
    fc.property(history, (told) => {
      const published = tell(told).events.filter(isPublished);
      const ended = new Set<string>();
      for (const event of published) {
        expect(ended).not.toContain(event.legId);
        if (event.kind !== 'completed') continue;
        ended.add(event.legId);
        expect(event.final).toBe(event.legId === rootId);
        if (event.final) {
          const legs = published.filter(({ kind }) => kind === 'initiated').map((initiated) => initiated.legId);
          expect(new Set(legs)).toEqual(ended);
          expect(published.at(-1)).toBe(event);
        }
      }
    }),
    runs,
  );
});

test('every call can be ended, and then all its legs are', () => {
  fc.assert(
    fc.property(history, ([first, steps]) => {
      const { states, events } = tell([first, [...steps, { command: { kind: 'router_lost' }, afterMs: 1, fitting: undefined, verbs: [] }]]);
      const state = states.at(-1)!;
      expect(state.kind).toBe('ended');
      if (state.kind === 'ended') expect(state.legs.map(({ kind }) => kind)).toEqual(state.legs.map(() => 'ended'));
      const legs = events.filter(({ kind }) => kind === 'initiated').length;
      expect(events.filter(({ kind }) => kind === 'completed')).toHaveLength(legs);
    }),
    runs,
  );
});

test('the state is what its events make it, and survives being stored', () => {
  fc.assert(
    fc.property(history, (told) => {
      const { states, events } = tell(told);
      let rebuilt: CallState = absentCall;
      for (const event of events) rebuilt = evolve(rebuilt, event);
      expect(rebuilt).toEqual(states.at(-1));
      expect(structuredClone(rebuilt)).toEqual(rebuilt);
    }),
    runs,
  );
});

test('no deadline that was met stays, so that a timer never spins', () => {
  fc.assert(
    fc.property(history, (told) => {
      const state = tell(told).states.at(-1)!;
      const dueMs = nextDeadlineMs(state);
      if (dueMs === undefined) return;
      const met = decide({ kind: 'time_passed' }, state, dueMs, countingIds());
      expect(met.events.length).toBeGreaterThan(0);
    }),
    runs,
  );
});

test('verbs start and end in turn, and a bridge joins two legs in progress', () => {
  fc.assert(
    fc.property(history, (told) => {
      let running: number | undefined;
      tell(told, (before, events) => {
        let state = before;
        for (const event of events) {
          if (event.kind === 'verb_started') {
            expect(running).toBeUndefined();
            running = event.index;
          }
          if (event.kind === 'verb_ended') {
            expect(event.index).toBe(running);
            running = undefined;
          }
          state = evolve(state, event);
          if (event.kind === 'bridged' && state.kind === 'live') {
            const kinds = state.legs.filter((leg) => [event.legId, event.otherLegId].includes(leg.legId)).map(({ kind }) => kind);
            expect(kinds).toEqual(['in_progress', 'in_progress']);
          }
        }
        if (state.kind === 'ended') expect(running).toBeUndefined();
      });
    }),
    runs,
  );
});

test('each request for instructions and each spoken text is an effect exactly once', () => {
  fc.assert(
    fc.property(history, (told) => {
      const turns: number[] = [];
      tell(told, (before, events, after) => {
        for (const effect of effectsOfAll(before, events)) {
          if (effect.kind === 'fetch_instructions' || effect.kind === 'say') turns.push(effect.turn);
        }
        const waitsFor = turnWaitedFor(after);
        if (waitsFor !== undefined) expect(turns).toContain(waitsFor);
      });
      expect(new Set(turns).size).toBe(turns.length);
    }),
    runs,
  );
});

test('a status callback is in flight once at a time and none is lost', () => {
  fc.assert(
    fc.property(history, (told) => {
      const posted: number[] = [];
      const { states } = tell(told, (before, events) => {
        for (const effect of effectsOfAll(before, events)) if (effect.kind === 'post_status_callback') posted.push(effect.callback.number);
      });
      const state = states.at(-1)!;
      if (state.kind === 'absent') return;
      expect(posted).toEqual(posted.map((_, index) => index));
      expect(posted.at(-1)).toBe(state.callbacks[0]?.number ?? state.nextCallback - 1);
    }),
    runs,
  );
});
