import { metrics, type Attributes, type Counter, type Histogram, type Meter } from '@opentelemetry/api';
import { metricTable, type CounterName, type GaugeName, type HistogramName, type MetricRow } from './metric-table.ts';

export type Labels = Attributes;

let meter: Meter | undefined;
const counters = new Map<CounterName, Counter>();
const histograms = new Map<HistogramName, Histogram>();

/** Instruments are made at first use, so that modules may name them before telemetry is started. */
function theMeter(): Meter {
  meter ??= metrics.getMeter('parley');
  return meter;
}

/** Forgets instruments of an earlier provider; startTelemetry calls it. */
export function resetInstruments(): void {
  meter = undefined;
  counters.clear();
  histograms.clear();
}

/** Adds to a counter. */
export function count(name: CounterName, value = 1, labels: Labels = {}): void {
  let counter = counters.get(name);
  if (counter === undefined) {
    counter = theMeter().createCounter(name, metricTable[name]);
    counters.set(name, counter);
  }
  counter.add(value, labels);
}

/** Records one value, in the unit of the table (durations: seconds). */
export function record(name: HistogramName, value: number, labels: Labels = {}): void {
  let histogram = histograms.get(name);
  if (histogram === undefined) {
    const { unit, description, buckets }: MetricRow = metricTable[name];
    histogram = theMeter().createHistogram(unit === 's' ? `${name}.seconds` : name, {
      unit,
      description,
      ...(buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } }),
    });
    histograms.set(name, histogram);
  }
  histogram.record(value, labels);
}

/** Records the seconds that a piece of work took, whatever came of it. */
export async function timed<T>(name: HistogramName, labels: Labels, fn: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await fn();
  } finally {
    record(name, (performance.now() - start) / 1000, labels);
  }
}

export interface GaugeReading {
  readonly value: number;
  readonly labels: Labels;
}

/**
 * Lets a gauge be read at each scrape; from the result's call on it reads 0. Labels once reported have to be reported
 * always: what is left out keeps its last value.
 */
export function gauge(name: GaugeName, read: () => number | readonly GaugeReading[]): () => void {
  let readings = (): readonly GaugeReading[] => {
    const now = read();
    return typeof now === 'number' ? [{ value: now, labels: {} }] : now;
  };
  theMeter()
    .createObservableGauge(name, metricTable[name])
    .addCallback((result) => {
      readings().forEach(({ value, labels }) => result.observe(value, labels));
    });
  return () => {
    const zeros = readings().map(({ labels }) => ({ value: 0, labels }));
    readings = () => zeros;
  };
}
