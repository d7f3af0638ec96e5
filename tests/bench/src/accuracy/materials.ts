import { attack, genuine, people, person, type Behaviour, type Camera } from '@parley/picture-sequences';
import { bytesFromPcm, frames, synthesize } from '@parley/speech';
import { createFaceEngine } from '../../../../services/recognition/src/engines/face-engine.ts';
import { createVoiceEngine } from '../../../../services/recognition/src/engines/voice-engine.ts';
import type { FaceMeasurement, VoiceMeasurement } from '../../../../services/recognition/src/domain/measurement.ts';
import { progress } from '../report.ts';
import { seeded, type Random } from './random.ts';
import { isSeen, samplingMs, type Doing } from './script.ts';
import { music, noise } from './sounds.ts';

/** What the engines measured in real pictures and sounds, two a second, as they follow each other. */
export interface Materials {
  /** Somebody's camera, from some moment on that leaves so many frames. */
  readonly anyCamera: (random: Random, count: number) => (doing: Doing, nth: number) => FaceMeasurement;
  readonly anySound: (random: Random, count: number) => (doing: Doing, nth: number) => VoiceMeasurement;
}

const frameCount = 230;

/** @param numbers of people */
export async function measuredMaterials(numbers: readonly number[] = people.forMeasuring): Promise<Materials> {
  const cameras = await measuredCameras(numbers);
  const sounds = await measuredSounds();
  return {
    anyCamera: (random, count) => {
      const { room, ...seen } = cameras[Math.floor(random() * cameras.length)]!;
      const from = Math.floor(random() * (frameCount - count));
      return (doing, nth) => (isSeen(doing) ? seen[doing === 'talks' ? 'talking' : 'listening'] : room)[from + nth]!;
    },
    anySound: (random, count) => {
      const from = Math.floor(random() * (frameCount - count));
      return (doing, nth) => sounds[soundOf[doing]][from + nth]!;
    },
  };
}

async function measuredCameras(numbers: readonly number[]) {
  const engine = await createFaceEngine({ threads: 1 });
  const cameras = [];
  for (const [done, number] of numbers.entries()) {
    progress(`looking at person ${done + 1} of ${numbers.length}`);
    const look = async (camera: Camera, callId: string) => {
      const measured: FaceMeasurement[] = [];
      const recogniser = engine.open(callId);
      for (let nth = 0; nth < frameCount; nth += 1) measured.push(await recogniser.measure(camera.jpegAt(nth * samplingMs), nth * samplingMs));
      return measured;
    };
    const behaving = (behaviour: Behaviour) => look(genuine(person(number), behaviour, 100 + number), `${behaviour} ${number}`);
    cameras.push({ talking: await behaving('talking'), listening: await behaving('listening'), room: await look(attack('empty', person(number), number), `room ${number}`) });
  }
  await engine.close();
  return cameras;
}

type Sound = 'speech' | 'quiet' | 'noise' | 'music';

const soundOf: Readonly<Record<Doing, Sound>> = {
  talks: 'speech',
  listens: 'quiet',
  speaks_away: 'speech',
  types_away: 'quiet',
  is_away: 'quiet',
  is_away_in_noise: 'noise',
  is_away_with_music: 'music',
};

const sentences = [
  'Well, I have been thinking about what you said the other day, and I believe that you are right about most of it.',
  'The train was late again this morning, so I walked along the river and looked at the boats until it came.',
  'My sister is going to visit us next week with her two children, and we are going to cook something together.',
  'Could you tell me once more how that works? I was not sure that I had understood the second part of it.',
];

async function measuredSounds(): Promise<Record<Sound, VoiceMeasurement[]>> {
  progress('listening to speech, noise and music');
  const spoken = await Promise.all(sentences.map((text) => synthesize(text)));
  const lengthSamples = (frameCount * samplingMs * 16_000) / 1_000;
  const random = seeded(7);
  const engine = createVoiceEngine();
  const listen = async (pcm: Int16Array) => {
    const recogniser = engine.open();
    const measured: VoiceMeasurement[] = [];
    for (const [nth, piece] of frames(pcm, samplingMs).entries()) measured.push(await recogniser.measure({ pcm: bytesFromPcm(piece), sentPcm: undefined }, nth * samplingMs));
    return measured;
  };
  const sounds = {
    speech: await listen(repeated(spoken, lengthSamples)),
    quiet: await listen(noise(lengthSamples, 20, random)),
    noise: await listen(noise(lengthSamples, 2_000, random)),
    music: await listen(music(lengthSamples, random)),
  };
  await engine.close();
  return sounds;
}

function repeated(pieces: readonly Int16Array[], length: number): Int16Array {
  const whole = new Int16Array(length);
  for (let at = 0, nth = 0; at < length; nth += 1) {
    const piece = pieces[nth % pieces.length]!;
    whole.set(piece.subarray(0, length - at), at);
    at += piece.length;
  }
  return whole;
}
