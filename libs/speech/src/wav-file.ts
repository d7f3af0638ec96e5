import { parleyError } from '@parley/errors';
import { pcmFromBytes } from './pcm.ts';
import { SAMPLE_RATE_HZ } from './sample-rate.ts';

const PCM_FORMAT = 1;

/**
 * The samples of a RIFF/WAVE file that is 16 kHz, mono, 16 bit.
 * @throws ParleyError speech.synthesis_failed for anything else
 */
export function readWav(file: Buffer): Int16Array {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw parleyError('speech.synthesis_failed', 'the synthesizer did not write a WAV file');
  }
  let formatChecked = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    if (id === 'fmt ') {
      checkFormat(body);
      formatChecked = true;
    } else if (id === 'data' && formatChecked) {
      return pcmFromBytes(body.subarray(0, body.length - (body.length % 2)));
    }
    at += 8 + size + (size % 2);
  }
  throw parleyError('speech.synthesis_failed', 'the WAV file has no samples');
}

function checkFormat(body: Buffer): void {
  const [format, channels, rateHz, bits] = [body.readUInt16LE(0), body.readUInt16LE(2), body.readUInt32LE(4), body.readUInt16LE(14)];
  if (format !== PCM_FORMAT || channels !== 1 || rateHz !== SAMPLE_RATE_HZ || bits !== 16) {
    throw parleyError('speech.synthesis_failed', `not 16 kHz mono 16 bit: format ${format}, ${channels} channels, ${rateHz} Hz, ${bits} bit`);
  }
}
