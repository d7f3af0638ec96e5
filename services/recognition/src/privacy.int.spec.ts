import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectBus, declareStreams, type Bus } from '@parley/bus';
import { RecognitionServiceClient } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { freePorts, natsCredsFile, startMongowire, startNats, type TestServer } from '@parley/local';
import { bytesFromPcm, synthesize } from '@parley/speech';
import { eventually, serviceVariables, testKeys } from '@parley/testing';
import jpegJs from 'jpeg-js';
import { ObservedCall } from './test-support/observed-call.ts';
import { at, audio, DeviceStream, finished, jpeg, pcm, text, typing } from './test-support/observing-device.ts';
import { reactionEvents } from './test-support/reaction-reader.ts';
import { croppedPicture, FACE, NO_FACE } from './test-support/sample-pictures.ts';
import { forms, isTelling, tracesOf, windowBytes, type Secret } from './test-support/traces-of.ts';

const keys = testKeys();
/** Everything that the service writes, and the servers that it writes to. */
let dir: string;
let servers: TestServer[];
let bus: Bus;
let service: ChildProcess;
let grpcPort: number;
let httpPort: number;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-privacy-'));
  const [nats, database] = await Promise.all([startNats({ dataDir: join(dir, 'nats') }), startMongowire({ dataDir: join(dir, 'database') })]);
  servers = [nats, database];
  const login = (user: string) => ({ url: nats.url, credsFile: natsCredsFile(user) });
  bus = await connectBus({ ...login('platform'), name: 'privacy' });
  await declareStreams(bus.nc, bus.jsm);
  ({ grpc: grpcPort, http: httpPort } = (await freePorts()).services.recognition[0]!);
  const variables = serviceVariables('recognition', { nats: { login }, database: { url: database.url, name: 'recognition_privacy' }, keys });
  const env = { ...variables, GRPC_PORT: String(grpcPort), HTTP_PORT: String(httpPort), LOG_LEVEL: 'trace', SPANS_FILE: join(dir, 'spans.jsonl'), END_WAIT_MS: '500' };
  service = spawn(process.execPath, ['--report-on-signal', `--report-directory=${dir}`, join(import.meta.dirname, 'main.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(dir, 'service.log'));
  service.stdout!.pipe(log);
  service.stderr!.pipe(log);
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status).toBe(200), { timeoutMs: 30_000 });
}, 60_000);

afterAll(async () => {
  if (service?.kill()) await once(service, 'close');
  await bus?.close();
  for (const server of servers ?? []) await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/** What a device sends, and what is made of it. */
async function material() {
  const [face, empty] = [await croppedPicture(FACE, 320), await croppedPicture(NO_FACE, 320)];
  const [speech, sent] = [await synthesize('This is said in confidence and is not meant for anybody else.'), await synthesize('And that is what I answered to it.')];
  const typed = 'a text that nobody but its reader is to see: 4f1c9a7e';
  const tooLong = `${typed} `.repeat(200);
  const broken = Buffer.concat([face.subarray(0, face.length / 2), randomBytes(2_000)]);
  const decoded = jpegJs.decode(face, { useTArray: true }).data;
  const rgb = decoded.filter((_, nth) => nth % 4 !== 3);
  const red = decoded.filter((_, nth) => nth % 4 === 0);
  const light = Uint8Array.from({ length: red.length }, (_, nth) => Math.round(0.299 * rgb[3 * nth]! + 0.587 * rgb[3 * nth + 1]! + 0.114 * rgb[3 * nth + 2]!));
  const secrets: Secret[] = [
    // Behind the tables, which many pictures share.
    { name: 'a picture', bytes: face.subarray(700) },
    { name: 'an empty picture', bytes: empty.subarray(700) },
    { name: 'a broken picture', bytes: broken.subarray(face.length / 2) },
    { name: 'the pixels', bytes: rgb },
    { name: 'one colour of the pixels', bytes: red },
    { name: 'how light the pixels are', bytes: light },
    { name: 'what is heard', bytes: bytesFromPcm(speech.subarray(8_000, 16_000)) },
    { name: 'what was sent', bytes: bytesFromPcm(sent.subarray(8_000, 16_000)) },
    { name: 'what was typed', bytes: Buffer.from(typed) },
  ];
  return { face, empty, broken, typed, tooLong, secrets, heard: bytesFromPcm(speech.subarray(8_000, 16_000)), sent: bytesFromPcm(sent.subarray(8_000, 16_000)) };
}

test('nothing of what is seen, heard and read is written anywhere', async () => {
  const shown = await material();
  const client = createClient(RecognitionServiceClient, { address: `127.0.0.1:${grpcPort}` });
  const call = new ObservedCall(bus, keys);
  await call.videoStarted('caller');
  const older = await DeviceStream.open(client, await call.token());
  await older.send(at(0, jpeg(shown.face)), at(0, pcm(shown.heard)), at(100, text(shown.typed)), at(500, jpeg(shown.empty)));
  await eventually(() => expect(older.acknowledgedThroughMs).toBeGreaterThanOrEqual(100));
  const device = await DeviceStream.open(client, await call.token());
  await older.ended;
  await device.send(at(1_000, jpeg(shown.face)), at(1_000, audio(shown.heard, shown.sent)), at(1_100, text(shown.tooLong)), at(1_200, typing), at(1_500, jpeg(shown.broken)));
  await device.send(...Array.from({ length: 100 }, (_, nth) => at(2_000 + 10 * nth, jpeg(shown.face))), at(4_000, finished));
  expect(await device.finish()).toBe('ok');
  expect(device.refusals).toEqual(expect.arrayContaining(['1100 observation.text_too_large', '1500 observation.not_an_image']));
  await call.completed(4_000);
  await eventually(async () => expect((await reactionEvents(bus, call)).at(-1)?.type).toBe('reaction.ended'));
  client.close();
  await writeFile(join(dir, 'metrics.txt'), await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text());
  service.kill('SIGUSR2');
  await eventually(async () => expect((await readdir(dir)).some((name) => name.startsWith('report.'))).toBe(true));

  // Each place can be read: what is meant to be written there is found.
  const known = [
    { name: 'the call', bytes: Buffer.from(call.callId) },
    { name: 'the method', bytes: Buffer.from('parley.recognition.v1.RecognitionService/Observe') },
    { name: 'the report', bytes: Buffer.from('"nodejsVersion": "v') },
  ];
  const read = await tracesOf(known, dir);
  for (const what of ['the call as raw in nats/', 'the call as raw in database/', 'the call as raw in spans.jsonl', 'the method as raw in service.log', 'the report as raw in report.']) {
    expect(read).toContainEqual(expect.stringContaining(what));
  }
  expect(await tracesOf(shown.secrets, dir)).toEqual([]);
}, 60_000);

test.each(Object.entries(forms))('any part of what is looked for is found where it is written as %s', async (form, { write }) => {
  const { secrets } = await material();
  const planted = await mkdtemp(join(tmpdir(), 'parley-planted-'));
  try {
    for (const [nth, { name, bytes }] of secrets.entries()) {
      // The shortest part that is always found, from anywhere in it, between other things.
      const [at, length] = [nth + 1, 2 * windowBytes - 1];
      const tellingAt = Array.from({ length: bytes.length - length - at }, (_, step) => at + step).find((begin) => isTelling(bytes.subarray(Math.ceil(begin / windowBytes) * windowBytes, Math.ceil(begin / windowBytes) * windowBytes + windowBytes)))!;
      await writeFile(join(planted, name), Buffer.concat([Buffer.from('x='), write(Buffer.from(bytes.subarray(tellingAt, tellingAt + length))), Buffer.from(';')]));
    }
    expect((await tracesOf(secrets, planted)).sort()).toEqual(secrets.map(({ name }) => `${name} as ${form} in ${name}`).sort());
  } finally {
    await rm(planted, { recursive: true, force: true });
  }
});

test('what may stand anywhere is not looked for', () => {
  const window = (byteAt: (index: number) => number) => Uint8Array.from({ length: windowBytes }, (_, index) => byteAt(index));
  expect([window(() => 0), window((index) => index % 7), window((index) => index), window((index) => 200 - 2 * index), window((index) => (index * 89) % 251)].map(isTelling)).toEqual([false, false, false, false, true]);
});
