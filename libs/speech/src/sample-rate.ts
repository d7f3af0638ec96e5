/** Every piece of sound in this library has this rate, one channel, and signed 16 bit samples. */
export const SAMPLE_RATE_HZ = 16_000;
