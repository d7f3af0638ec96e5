import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** For tests: something that must not be found anywhere. */
export interface Secret {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** So many bytes in a row are no accident. */
const windowBytes = 24;
const windowsPerSecret = 60;
/** Of a window; what has fewer different bytes, as silence has, may stand anywhere. */
const leastDifferentBytes = 8;

/** As bytes may be written down: as they are, as hexadecimal digits, as base64, and as numbers in JSON. */
export const forms: Readonly<Record<string, (bytes: Buffer) => readonly Buffer[]>> = {
  raw: (bytes) => [bytes],
  hex: (bytes) => [Buffer.from(bytes.toString('hex'))],
  // Wherever it begins in what was encoded: whole groups of three bytes are the same.
  base64: (bytes) => [0, 1, 2].map((shift) => Buffer.from(bytes.subarray(shift, shift + 21).toString('base64'))),
  json: (bytes) => [Buffer.from([...bytes].join(',')), Buffer.from([...bytes].join(', '))],
};

/** Files below a folder that hold parts of a secret, each with what and how. */
export async function tracesOf(secrets: readonly Secret[], dir: string): Promise<string[]> {
  const wanted = secrets.flatMap(({ name, bytes }) => windowsOf(bytes).flatMap((window) => Object.entries(forms).flatMap(([form, write]) => write(window).map((part) => ({ name, form, part })))));
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = new Set<string>();
  for (const file of files) {
    const content = await readFile(file);
    for (const { name, form, part } of wanted) if (content.includes(part)) found.add(`${name} as ${form} in ${file}`);
  }
  return [...found];
}

function windowsOf(bytes: Uint8Array): Buffer[] {
  const step = Math.max(1, Math.floor((bytes.length - windowBytes) / windowsPerSecret));
  const windows: Buffer[] = [];
  for (let at = 0; at + windowBytes <= bytes.length; at += step) {
    const window = Buffer.from(bytes.subarray(at, at + windowBytes));
    if (new Set(window).size >= leastDifferentBytes) windows.push(window);
  }
  return windows;
}
