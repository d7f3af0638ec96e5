// Delivery against the same messages through nats.js alone, and against bare POSTs: all, or the parts that are named.
import { measureGrpcRate } from './delivery/grpc-rate.ts';
import { measureLatency } from './delivery/latency.ts';
import { measureSse } from './delivery/sse.ts';
import { startDeliverySystem } from './delivery/system.ts';
import { measureWebhooks } from './delivery/webhooks.ts';
import { report } from './report.ts';
import type { Measured } from './result-row.ts';

const parts = { grpc: measureGrpcRate, latency: measureLatency, sse: measureSse, webhooks: measureWebhooks };

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}`);
const wanted = Object.entries(parts).filter(([name]) => named.length === 0 || named.includes(name));

const measured: Measured[] = [];
for (const [, measure] of wanted) {
  // One for each: what a part leaves behind is no burden for the next.
  const system = await startDeliverySystem();
  try {
    measured.push(...(await measure(system)));
  } finally {
    await system.stop();
  }
}
report('delivery', measured);
