import { expect, test } from '@jest/globals';
import { noise } from '../../test-support/sounds.ts';
import { FourierTransform } from './fourier-transform.ts';

test.each([2, 8, 512])('of %i numbers it is the sum that defines it', (size) => {
  const random = noise(size);
  const real = Float64Array.from({ length: size }, random);
  const imaginary = Float64Array.from({ length: size }, random);
  const expected = Array.from({ length: size }, (_, bin) => {
    let [re, im] = [0, 0];
    for (let at = 0; at < size; at += 1) {
      const angle = (-2 * Math.PI * bin * at) / size;
      re += real[at]! * Math.cos(angle) - imaginary[at]! * Math.sin(angle);
      im += real[at]! * Math.sin(angle) + imaginary[at]! * Math.cos(angle);
    }
    return [re, im];
  });
  new FourierTransform(size).transform(real, imaginary);
  expected.forEach(([re, im], bin) => {
    expect(real[bin]).toBeCloseTo(re!, 9);
    expect(imaginary[bin]).toBeCloseTo(im!, 9);
  });
});
