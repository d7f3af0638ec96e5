/** google.protobuf.Duration in milliseconds. */
export function fromDuration({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}
