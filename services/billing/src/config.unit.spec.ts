import { expect, test } from '@jest/globals';
import { expectReadmeTable } from '@parley/config';
import { configDefinition } from './config.ts';

test('the README lists what is read from the environment', () => {
  expect(() => expectReadmeTable(configDefinition, new URL('../README.md', import.meta.url))).not.toThrow();
});
