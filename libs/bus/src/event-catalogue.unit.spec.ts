import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { eventTypes } from './event-types.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** type → message, as docs/events.md says. */
function documented(): Map<string, string> {
  return new Map([...read('docs/events.md').matchAll(/^\| `([a-z_]+\.[a-z_*]+)` \| `(\w+)` \|/gm)].map((row) => [row[1]!, row[2]!]));
}

/** type → message, as proto/ and the code say. */
function declared(): Map<string, string> {
  const types = Object.entries(eventTypes).flatMap(([eventClass, cases]) => {
    const proto = read(`proto/parley/${eventClass}/v1/${eventClass}_event.proto`);
    const fields = new Map([...proto.matchAll(/^    (\w+) (\w+) = \d+;/gm)].map((field) => [camelCase(field[2]!), field[1]!]));
    return Object.entries(cases).map(([name, type]) => [type, fields.get(name) ?? 'no message'] as const);
  });
  return new Map(types);
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

test('docs/events.md has a row for each event message, and no other', () => {
  expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(declared()));
});
