import { describe, expect, test } from '@jest/globals';
import type { StoredMessage } from '@parley/bus';
import { parleyError } from '@parley/errors';
import { eventually } from '@parley/testing';
import type { Effect } from '../domain/call/effect.ts';
import { inbound, rootId, sayHello } from '../domain/call/scenario.fixture.ts';
import type { CallDocument, CallDraft } from '../store/call-repository.ts';
import { newLegId } from '../usecases/derived-id.ts';
import { LiveCall, type LiveCallPorts } from './live-call.ts';

// What the real database does at its worst: answers that are lost, and writes of others. (With the real one these
// happen by chance only.)

type Answer = 'written' | 'unavailable' | 'written, but the answer is lost' | 'somebody else wrote' | 'stored, not published';

class Documents {
  doc: CallDocument | undefined;
  readonly answers: Answer[] = [];
  readonly messages: StoredMessage[] = [];

  insert = async (draft: CallDraft) => {
    if (this.doc !== undefined) return { outcome: 'existing' as const, doc: this.doc };
    this.doc = { ...draft, rev: 0, writer: 'w', pending: true };
    this.messages.push(...draft.outbox);
    return { outcome: 'inserted' as const, doc: this.doc };
  };

  replace = async (draft: CallDraft, rev: number) => {
    const answer = this.answers.shift() ?? 'written';
    if (answer === 'unavailable') throw parleyError('store.unavailable', 'no');
    if (answer === 'somebody else wrote') this.doc = { ...this.doc!, owner: 'peer', rev: this.doc!.rev + 1 };
    if (this.doc!.rev !== rev) return 'conflict' as const;
    this.doc = { ...draft, rev: rev + 1, writer: 'w', pending: true };
    if (answer === 'written, but the answer is lost') throw parleyError('store.unavailable', 'lost');
    if (answer === 'stored, not published') throw parleyError('bus.unavailable', 'closed');
    this.messages.push(...draft.outbox);
    return 'written' as const;
  };

  load = async () => {
    if (this.doc?.pending === true) this.messages.push(...this.doc.outbox);
    return this.doc;
  };
}

function ports(documents: Documents) {
  const closed: boolean[] = [];
  const effects: Effect[] = [];
  const { statusCallbackUrl: _url, ...application } = inbound.application;
  const made: LiveCallPorts = {
    instance: 'me',
    repository: documents,
    ids: { newLegId },
    now: () => Date.now(),
    encode: (event) => ({ subject: 's', headers: { 'ce-id': `${event.sequence}` }, payload: new Uint8Array() }),
    runEffect: (effect) => void effects.push(effect),
    onClosed: (_call, lost) => void closed.push(lost),
  };
  return { made, closed, effects, command: { ...inbound, application } };
}

async function placed() {
  const documents = new Documents();
  const { made, closed, effects, command } = ports(documents);
  const result = await LiveCall.place(made, command, () => undefined);
  if (!('call' in result)) throw new Error('not placed');
  return { documents, closed, effects, call: result.call, made, command };
}

const hangUp = { kind: 'hang_up', legId: rootId } as const;
/** What was published, repeats left out: they are harmless. */
const sequences = ({ messages }: Documents) => [...new Set(messages.map(({ headers }) => Number(headers['ce-id'])))];

describe('a live call', () => {
  test('goes on when the database comes back; no event is lost', async () => {
    const { documents, call, closed } = await placed();
    documents.answers.push('unavailable', 'unavailable');
    expect((await call.submit(hangUp)).state.kind).toBe('ended');
    expect(sequences(documents)).toEqual([0, 1, 2]);
    expect(closed).toEqual([false]);
    expect(documents.doc).toMatchObject({ open: false, outbox: [] });
  });

  test('knows a write whose answer was lost for its own', async () => {
    const { documents, call, closed } = await placed();
    documents.answers.push('written, but the answer is lost');
    expect((await call.submit(hangUp)).state.kind).toBe('ended');
    expect(sequences(documents)).toEqual([0, 1, 2]);
    expect(closed).toEqual([false]);
  });

  test('lets go when another router has it', async () => {
    const { documents, call, closed, effects } = await placed();
    const before = effects.length;
    documents.answers.push('somebody else wrote');
    await expect(call.submit(hangUp)).rejects.toMatchObject({ code: 'call.owner_unavailable' });
    await expect(call.submit(hangUp)).rejects.toMatchObject({ code: 'call.owner_unavailable' });
    expect(closed).toEqual([true]);
    expect(effects).toHaveLength(before);
    expect(sequences(documents)).toEqual([0, 1]);
  });

  test('leaves what it could not publish at its shutdown to its successor', async () => {
    const { documents, call, closed } = await placed();
    documents.answers.push('stored, not published');
    await expect(call.submit(hangUp)).rejects.toMatchObject({ code: 'call.owner_unavailable' });
    await expect(call.submit(hangUp)).rejects.toMatchObject({ code: 'call.owner_unavailable' });
    expect(closed).toEqual([true]);
    expect(documents.doc).toMatchObject({ open: true, state: { kind: 'ended' }, outbox: [{ headers: { 'ce-id': '2' } }] });
    expect(sequences(documents)).toEqual([0, 1]);
  });

  test('carries commands out one after the other', async () => {
    const { call, documents } = await placed();
    const turn = call.state.kind === 'live' && call.state.program.kind === 'fetching' ? call.state.program.turn : -1;
    const done = await Promise.all([
      call.submit({ kind: 'instructions_received', turn, verbs: [sayHello], durationMs: 1 }),
      call.submit({ kind: 'send_digits', legId: rootId, digits: '1' }),
      call.submit(hangUp),
      call.submit(hangUp),
    ]);
    expect(done.map(({ refusal }) => refusal)).toEqual([undefined, undefined, undefined, 'call.ended']);
    expect(sequences(documents)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('is there once: the same id again finds it', async () => {
    const { made, command } = await placed();
    expect(await LiveCall.place(made, command, () => undefined)).toHaveProperty('existing');
  });

  test('meets its deadlines by itself', async () => {
    const { call, closed } = await placed();
    const turn = call.state.kind === 'live' && call.state.program.kind === 'fetching' ? call.state.program.turn : -1;
    await call.submit({ kind: 'instructions_received', turn, verbs: [{ verb: 'Pause', lengthMs: 30 }], durationMs: 1 });
    await eventually(() => expect(closed).toEqual([false]));
    expect(call.state.kind).toBe('ended');
  });

  test('is adopted by one router only', async () => {
    const { documents, made, call } = await placed();
    const doc = documents.doc!;
    const one = ports(documents).made;
    const adopted = await LiveCall.adopt({ ...one, instance: 'peer' }, doc, Date.now(), () => undefined);
    expect(adopted?.state).toMatchObject({ kind: 'ended', legs: [{ cause: 'router_lost' }] });
    expect(await LiveCall.adopt({ ...one, instance: 'other' }, doc, Date.now(), () => undefined)).toBeUndefined();
    await expect(call.submit(hangUp)).rejects.toMatchObject({ code: 'call.owner_unavailable' });
    expect(made.instance).toBe('me');
  });
});
