import type { Platform } from '../src/platform.ts';
import type { Ports } from '../src/ports.ts';

/** What to try next. */
export function whereToLook(platform: Platform, ports: Ports, callId: string): string {
  return `Where to look next
  trace      make trace CALL=${callId}
  logs       ${platform.logDir}/call-router-1.log and its neighbours
  metrics    make up, then curl http://127.0.0.1:${ports.services.billing[0]?.http}/metrics
  by hand    make up prints addresses and commands to paste
  documents  README.md, docs/architecture.md, docs/events.md`;
}
