import { test } from '@jest/globals';
import { expectReadmeTable } from '@parley/config';
import { configDefinition } from './config.ts';

test('the README has the table of environment variables', () => {
  expectReadmeTable(configDefinition, new URL('../README.md', import.meta.url));
});
