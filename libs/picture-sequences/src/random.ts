/** A number in 0..1 for a seed and any number of whole numbers: the same for the same (MurmurHash3's finalizer). */
export function hashed(seed: number, ...numbers: readonly number[]): number {
  let state = mix(seed ^ 0x9e3779b9);
  for (const number of numbers) state = mix(state ^ Math.imul(number + 1, 0x85ebca6b));
  return state / 2 ** 32;
}

function mix(value: number): number {
  let state = value | 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** From -1 to 1, without jumps, never repeating: a value for every `everyMs`, and smooth between them. */
export function smooth(seed: number, atMs: number, everyMs: number): number {
  const knot = Math.floor(atMs / everyMs);
  const share = atMs / everyMs - knot;
  const eased = share * share * (3 - 2 * share);
  return 2 * (hashed(seed, knot) * (1 - eased) + hashed(seed, knot + 1) * eased) - 1;
}
