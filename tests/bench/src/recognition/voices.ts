import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bytesFromPcm, durationMs, frames, SAMPLE_RATE_HZ, synthesize } from '@parley/speech';
import { createVoiceEngine, type VoiceEngine } from '../../../../services/recognition/src/engines/voice-engine.ts';
import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';

const pieceMs = 500;
const repetitions = 3;
const measuredMs = 60_000;
const streams = 100;
const hourMs = 3_600_000;
const echoDelay = 0.18 * SAMPLE_RATE_HZ;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Sound {
  readonly pcm: Uint8Array;
  readonly sentPcm: Uint8Array;
}

/** Speech over and over, as it comes back from the counterpart, and as it was sent. */
async function echoes(): Promise<readonly Sound[]> {
  const said = await synthesize('Hello this is a test call, how are you today? I am doing fine, thank you very much. It has rained all day.');
  const heard = said.map((_, at) => 0.3 * (said[(at - echoDelay + said.length) % said.length] ?? 0));
  const sent = frames(said, pieceMs);
  return frames(heard, pieceMs).map((piece, nth) => ({ pcm: bytesFromPcm(piece), sentPcm: bytesFromPcm(sent[nth]!) }));
}

/** One stream hears so much of the sound. */
async function listen(engine: VoiceEngine, sound: readonly Sound[], { fromMs = 0, toMs, knowsSent, stream = engine.open() }: { fromMs?: number; toMs: number; knowsSent: boolean; stream?: ReturnType<VoiceEngine['open']> }) {
  for (let atMs = fromMs; atMs < toMs; atMs += pieceMs) {
    const { pcm, sentPcm } = sound[(atMs / pieceMs) % sound.length]!;
    await stream.measure({ pcm, sentPcm: knowsSent ? sentPcm : undefined }, atMs);
  }
  return stream;
}

/** Media time by the processor time of all threads. */
async function realTimeFactor(engine: VoiceEngine, sound: readonly Sound[], knowsSent: boolean): Promise<number> {
  const before = process.cpuUsage();
  await listen(engine, sound, { toMs: measuredMs, knowsSent });
  const { user, system } = process.cpuUsage(before);
  return (measuredMs * 1000) / (user + system);
}

/** What messages between threads hold is let go of by later turns only. */
async function keptBytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    await sleep(20);
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Of streams that have heard four seconds each. */
async function bytesPerStream(engine: VoiceEngine, sound: readonly Sound[], knowsSent: boolean): Promise<number> {
  const before = await keptBytes();
  const open = await Promise.all(Array.from({ length: streams }, () => listen(engine, sound, { toMs: 4000, knowsSent })));
  return ((await keptBytes()) - before) / open.length;
}

/** Of one stream, from the end of its first minute to the end of its hour. */
async function growthBytes(engine: VoiceEngine, sound: readonly Sound[]): Promise<number> {
  const stream = await listen(engine, sound, { toMs: 60_000, knowsSent: true });
  const before = await keptBytes();
  await listen(engine, sound, { fromMs: 60_000, toMs: hourMs, knowsSent: true, stream });
  return (await keptBytes()) - before;
}

/** How fast the service's engine hears, without and with what was sent, and what it keeps. */
export async function voiceRows(): Promise<Measured[]> {
  const engine = createVoiceEngine();
  const sound = await echoes();
  const rates: [number[], number[]] = [[], []];
  const kept: [number[], number[]] = [[], []];
  for (let repetition = -1; repetition < repetitions; repetition += 1) {
    progress(`voices: ${repetition < 0 ? 'warming up' : `repetition ${repetition + 1} of ${repetitions}`}`);
    for (const knowsSent of [false, true]) {
      const [rate, bytes] = [await realTimeFactor(engine, sound, knowsSent), await bytesPerStream(engine, sound, knowsSent)];
      if (repetition < 0) continue;
      rates[knowsSent ? 1 : 0].push(rate);
      kept[knowsSent ? 1 : 0].push(bytes / 1024);
    }
  }
  progress('voices: an hour of one stream');
  const growth = await growthBytes(engine, sound);
  await engine.close();
  const lengthMs = sound.reduce((sum, { pcm }) => sum + durationMs(new Int16Array(pcm.length / 2)), 0);
  const what = `pieces of ${pieceMs} ms of ${Math.round(lengthMs / 1000)} s of speech`;
  return [
    { name: `${what}: real time on one processor`, unit: 'times', values: rates[0], goal: { atLeast: 100 } },
    { name: 'the same, an echo of what was sent', unit: 'times', values: rates[1] },
    { name: 'memory of a stream', unit: 'KiB', values: kept[0] },
    { name: 'the same, with what was sent', unit: 'KiB', values: kept[1] },
    { name: 'growth of a stream in an hour', unit: 'KiB', values: [growth / 1024], goal: { atMost: 1024 } },
  ];
}
