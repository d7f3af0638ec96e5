import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const documents = ['README.md', 'docs', 'libs', 'services', 'deploy', 'tests', 'proto'].flatMap((place) => markdownBelow(join(root, place)));

function markdownBelow(place: string): string[] {
  if (place.endsWith('.md')) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? markdownBelow(join(place, entry.name)) : entry.name.endsWith('.md') ? [join(place, entry.name)] : []));
}

function links(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!).filter((link) => !/^[a-z]+:/.test(link));
}

test.each(documents.map((file) => [relative(root, file), file]))('every link of %s leads somewhere', (_name, file) => {
  expect(links(file).filter((link) => !existsSync(resolve(dirname(file), link)))).toEqual([]);
});

describe('the walk of docs/architecture.md', () => {
  const steps = [...readFileSync(join(root, 'docs/architecture.md'), 'utf8').matchAll(/^(\d+)\. \[([^\]]+)\]\(\.\.\/([^)]+)\):/gm)];

  test('names at most 20 files, in order, and each exists', () => {
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.length).toBeLessThanOrEqual(20);
    expect(steps.map((step) => Number(step[1]))).toEqual(steps.map((_, index) => index + 1));
    for (const [, , shown, target] of steps) {
      expect(shown).toBe(target);
      expect(existsSync(join(root, target!))).toBe(true);
    }
  });
});

test.each(['libs', 'services'])('each folder of %s has a README', (place) => {
  const folders = readdirSync(join(root, place));
  expect(folders.filter((folder) => !existsSync(join(root, place, folder, 'README.md')))).toEqual([]);
});
