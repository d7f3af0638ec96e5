import type { Router } from './started-router.ts';

/** The value of a metric of a replica, as Prometheus reads it: of the first series that has the labels; 0 without one. */
export async function metricOf(router: Pick<Router, 'httpPort'>, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${router.httpPort}/metrics`)).text();
  const hasLabels = (line: string) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`));
  const line = text.split('\n').find((line) => /^\w+/.exec(line)?.[0] === name && hasLabels(line));
  return line === undefined ? 0 : Number(/^\w+(?:\{.*\})? (\S+)/.exec(line)![1]);
}
