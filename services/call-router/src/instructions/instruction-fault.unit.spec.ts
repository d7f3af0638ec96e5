import { expect, test } from '@jest/globals';
import { errorTable, parleyError, type ErrorCode } from '@parley/errors';
import { instructionFault } from './instruction-fault.ts';

test('every way in which egress fails has a code of its own and one of Twilio', () => {
  const codes = (Object.keys(errorTable) as ErrorCode[]).filter((code) => code.startsWith('egress.') && code !== 'egress.cancelled');
  for (const code of codes) {
    const fault = instructionFault(parleyError(code, 'x'));
    expect(fault.code).toMatch(/^instructions\./);
    expect(fault.twilioCode).toBeGreaterThanOrEqual(11_100);
  }
});

test('the status of an answer is told; what is unexpected is a general failure', () => {
  expect(instructionFault(parleyError('instructions.http_status', 'x', { details: { httpStatus: 503 } }))).toEqual({ code: 'instructions.http_status', twilioCode: 11200, httpStatus: 503 });
  expect(instructionFault(new Error('secret'))).toEqual({ code: 'internal', twilioCode: 11200, httpStatus: 0 });
});
