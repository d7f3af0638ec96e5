import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** For tests: something that must not be found anywhere. */
export interface Secret {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** So many bytes in a row are no accident. A leak of twice as many, less one, holds a whole window wherever it begins. */
export const windowBytes = 16;
/** Of a window; what has fewer different bytes, as silence has and plain areas, may stand anywhere. */
const leastDifferentBytes = 8;

/** How bytes may be written down, and how all that is written so is read back from what a file holds. */
export const forms: Readonly<Record<string, { readonly write: (bytes: Buffer) => Buffer; readonly read: (content: Buffer, text: string) => readonly Buffer[] }>> = {
  raw: { write: (bytes) => bytes, read: (content) => [content] },
  // A run may begin anywhere, so that each place in a group of digits may be the first.
  hex: { write: (bytes) => Buffer.from(bytes.toString('hex')), read: (_, text) => runs(text, /[0-9a-f]{32,}/gi).flatMap((run) => [0, 1].map((skip) => Buffer.from(run.slice(skip), 'hex'))) },
  base64: { write: (bytes) => Buffer.from(bytes.toString('base64')), read: (_, text) => runs(text, /[\w+/-]{22,}/g).flatMap((run) => [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64'))) },
  json: { write: (bytes) => Buffer.from(JSON.stringify([...bytes])), read: (_, text) => runs(text, /\d{1,3}(?:,\s*\d{1,3}){15,}/g).map((run) => Buffer.from(run.split(',').map(Number))) },
};

function runs(text: string, pattern: RegExp): string[] {
  return text.match(pattern) ?? [];
}

/** Files below a folder that hold parts of a secret: each once with what, how and where. */
export async function tracesOf(secrets: readonly Secret[], dir: string): Promise<string[]> {
  const windows = windowsOf(secrets);
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = new Set<string>();
  for (const file of files) {
    const content = await readFile(file);
    const text = content.toString('latin1');
    for (const [form, { read }] of Object.entries(forms)) {
      for (const bytes of read(content, text)) for (const name of namesIn(bytes, windows)) found.add(`${name} as ${form} in ${relative(dir, file)}`);
    }
  }
  return [...found];
}

interface Windows {
  /** Whose a window is. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether any window begins with these three bytes: most places are passed by this alone. */
  readonly beginnings: Uint8Array;
}

function windowsOf(secrets: readonly Secret[]): Windows {
  const names = new Map<string, string>();
  const beginnings = new Uint8Array(2 ** 24);
  for (const { name, bytes } of secrets) {
    for (const written of [Buffer.from(bytes), ...asText(Buffer.from(bytes))]) {
      for (let at = 0; at + windowBytes <= written.length; at += windowBytes) {
        const window = written.subarray(at, at + windowBytes);
        if (!isTelling(window)) continue;
        names.set(window.toString('latin1'), name);
        beginnings[window.readUIntBE(0, 3)] = 1;
      }
    }
  }
  return { names, beginnings };
}

/** Taken for text of UTF-8, which spoils most of it, or of Latin-1, and written as UTF-8. */
function asText(bytes: Buffer): Buffer[] {
  return [Buffer.from(bytes.toString('utf8')), Buffer.from(bytes.toString('latin1'))];
}

/** Neither the same few bytes again nor a row of numbers that only rises or falls, as in tables. */
export function isTelling(window: Uint8Array): boolean {
  const steps = Array.from(window.subarray(1), (byte, index) => byte - window[index]!);
  return new Set(window).size >= leastDifferentBytes && steps.some((step) => step > 0) && steps.some((step) => step < 0);
}

function* namesIn(bytes: Buffer, { names, beginnings }: Windows): Generator<string> {
  for (let at = 0; at + windowBytes <= bytes.length; at += 1) {
    if (beginnings[(bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!] === 0) continue;
    const name = names.get(bytes.toString('latin1', at, at + windowBytes));
    if (name !== undefined) yield name;
  }
}
