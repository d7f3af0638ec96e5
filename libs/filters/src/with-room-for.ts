/** The same numbers, and room up to a position: for twice as many if there is none, so that growing costs nothing in the long run. */
export function withRoomFor<Numbers extends Uint8Array | Int32Array>(numbers: Numbers, position: number): Numbers {
  if (position < numbers.length) return numbers;
  const more = new (numbers.constructor as new (length: number) => Numbers)(2 * (position + 1));
  more.set(numbers);
  return more;
}
