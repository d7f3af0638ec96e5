import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { errorDocument, errorDocumentUrl } from './error-document.ts';
import { ParleyError, errorTable, invalidArgument, isErrorCode, isParleyError, parleyError, toParleyError } from './index.ts';

describe('the table of errors', () => {
  test('docs/errors.md is in step (node libs/errors/src/error-document-main.ts writes it)', () => {
    expect(readFileSync(errorDocumentUrl, 'utf8')).toBe(errorDocument());
  });

  test('codes are lower case nouns, each with a meaning that is a sentence', () => {
    for (const [code, row] of Object.entries(errorTable)) {
      expect(code).toMatch(/^[a-z_]+(\.[a-z_]+)?$/);
      expect(row.meaning).toMatch(/^[A-Z].*\.$/);
      expect(row.meaning).not.toContain('|');
    }
  });

  test('a fault of the caller is never logged as ours, and one of ours always is', () => {
    for (const row of Object.values(errorTable)) {
      expect(row.log === 'error').toBe(row.http === 500);
    }
  });

  test('isErrorCode does not fall for names of Object.prototype', () => {
    expect(isErrorCode('not_found.call')).toBe(true);
    expect(isErrorCode('constructor')).toBe(false);
  });
});

describe('ParleyError', () => {
  test('carries code, message, details and cause', () => {
    const cause = new Error('why');
    const error = parleyError('store.conflict', 'too many writers', { cause, details: { attempts: 3 } });
    expect(error).toBeInstanceOf(ParleyError);
    expect(error).toMatchObject({ code: 'store.conflict', message: 'too many writers', cause, details: { attempts: 3 } });
    expect(error.row).toBe(errorTable['store.conflict']);
  });

  test('isParleyError tells codes apart', () => {
    expect(isParleyError(parleyError('internal', 'x'))).toBe(true);
    expect(isParleyError(parleyError('internal', 'x'), 'store.conflict')).toBe(false);
    expect(isParleyError(new Error('x'))).toBe(false);
  });

  test('an unexpected error becomes internal, and its text stays inside', () => {
    const secret = new Error('password is 1234');
    const error = toParleyError(secret);
    expect(error.code).toBe('internal');
    expect(error.message).not.toContain('1234');
    expect(error.cause).toBe(secret);
    expect(toParleyError(error)).toBe(error);
  });

  test('invalidArgument names each field', () => {
    const error = invalidArgument([
      { field: 'terms.unit_ms', description: 'must be positive' },
      { field: 'terms.currency', description: 'is not known' },
    ]);
    expect(error.message).toBe('terms.unit_ms: must be positive; terms.currency: is not known');
    expect(error.details?.violations).toHaveLength(2);
  });
});
