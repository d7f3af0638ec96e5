import { expect, test } from '@jest/globals';
import type { LiveCall } from './call-state.ts';
import { callbackParameters, instructionParameters } from './request-parameters.ts';
import { inbound, outbound, rootId, sayHello, Scenario } from './scenario.fixture.ts';

const request = { url: 'https://app.example/', method: 'POST', reason: 'action', parameters: { DialCallStatus: 'busy' } } as const;

test('a request for instructions says which call it is and how it stands', () => {
  const call = new Scenario().when(inbound);
  expect(instructionParameters(call.state as LiveCall, request)).toEqual({
    CallSid: rootId,
    AccountSid: 'acme',
    From: 'client:alice',
    To: '+15550100',
    CallStatus: 'ringing',
    ApiVersion: '2010-04-01',
    Direction: 'inbound',
    DialCallStatus: 'busy',
  });
  call.fetched(sayHello);
  expect(instructionParameters(call.state as LiveCall, request)).toMatchObject({ CallStatus: 'in-progress' });
  const out = new Scenario().when(outbound).when({ kind: 'answer', legId: rootId, consents: false });
  expect(instructionParameters(out.state as LiveCall, request)).toMatchObject({ CallStatus: 'in-progress', Direction: 'outbound-api', To: 'client:alice' });
});

test('a status callback carries its number, instant (RFC 2822) and, at the end, the duration', () => {
  const { state } = new Scenario().when(inbound);
  const atMs = Date.UTC(2026, 10, 23, 1, 2, 3);
  expect(callbackParameters(state as LiveCall, { number: 3, callStatus: 'completed', atMs, durationMs: 61_400 })).toMatchObject({
    CallStatus: 'completed',
    SequenceNumber: '3',
    Timestamp: 'Mon, 23 Nov 2026 01:02:03 +0000',
    CallbackSource: 'call-progress-events',
    CallDuration: '61',
    Duration: '2',
  });
  expect(callbackParameters(state as LiveCall, { number: 0, callStatus: 'initiated', atMs })).not.toHaveProperty('CallDuration');
});
