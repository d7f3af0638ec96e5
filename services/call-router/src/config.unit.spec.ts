import { expect, test } from '@jest/globals';
import { expectReadmeTable } from '@parley/config';
import { configDefinition } from './config.ts';

test('the README lists every variable', () => {
  expect(() => expectReadmeTable(configDefinition, new URL('../README.md', import.meta.url))).not.toThrow();
});
