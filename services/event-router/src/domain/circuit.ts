// A circuit per endpoint: one that fails again and again is left alone, and asked only now and then until it answers. Times
// are on whichever clock the caller has, in ms.

/** What a request told of the endpoint; nothing when it was given up by us. */
export type Health = 'well' | 'ill' | 'unknown';

export type Circuit =
  | { readonly kind: 'closed'; readonly failures: number }
  /** Nothing is sent until then. `openings` in a row, without an answer in between. */
  | { readonly kind: 'open'; readonly failures: number; readonly openings: number; readonly untilMs: number }
  /** One request is under way to find out. */
  | { readonly kind: 'probing'; readonly failures: number; readonly openings: number };

export interface CircuitSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, the first time and each further time; then the last again and again. */
  readonly pausesMs: readonly number[];
}

export const closedCircuit: Circuit = { kind: 'closed', failures: 0 };

/** Each pause is stretched by up to this share, so that what failed together is not asked together. */
const jitterRatio = 0.2;

/** When a request may be sent: now, or not before a time, or not until the one that is under way has ended. */
export function nextRequestMs(circuit: Circuit, nowMs: number): number {
  switch (circuit.kind) {
    case 'closed':
      return nowMs;
    case 'open':
      return Math.max(nowMs, circuit.untilMs);
    case 'probing':
      return Infinity;
  }
}

/** A request is about to be sent, which nextRequestMs allowed. */
export function onRequest(circuit: Circuit): Circuit {
  return circuit.kind === 'open' ? { kind: 'probing', failures: circuit.failures, openings: circuit.openings } : circuit;
}

export interface RequestEnd {
  readonly health: Health;
  /** Whether the request was sent to find out. Others may end late, begun before the circuit opened. */
  readonly wasProbe: boolean;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export function onRequestEnd(circuit: Circuit, settings: CircuitSettings, { health, wasProbe, nowMs, random }: RequestEnd): Circuit {
  if (health === 'well') return closedCircuit;
  const isProbeOver = circuit.kind === 'probing' && wasProbe;
  // A probe that told nothing: the next one may go at once.
  if (health === 'unknown') return isProbeOver ? { ...circuit, kind: 'open', untilMs: nowMs } : circuit;
  const failures = circuit.failures + 1;
  const openings = circuit.kind === 'closed' ? 0 : circuit.openings;
  if (!isProbeOver && (circuit.kind !== 'closed' || failures < settings.failures)) return { ...circuit, failures };
  const pauseMs = settings.pausesMs[Math.min(openings, settings.pausesMs.length - 1)]!;
  return { kind: 'open', failures, openings: openings + 1, untilMs: nowMs + Math.round(pauseMs * (1 + jitterRatio * random)) };
}
