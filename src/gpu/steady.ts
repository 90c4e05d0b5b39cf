/** Samples at least and at most; the two best of a steady time differ by no more than this share. */
const LEAST = 4;
const MOST = 6;
const STEADY = 0.03;

/**
 * The least of several times, which other work on the machine can only lengthen. Samples until the two best agree: on a quiet machine that
 * is soon, and a disturbed one gets more tries.
 */
export async function steady(sample: () => Promise<number>): Promise<number> {
  let [best, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let count = 1; count <= MOST; count++) {
    const time = await sample();
    if (time < best) [best, second] = [time, best];
    else second = Math.min(second, time);
    if (count >= LEAST && second <= best * (1 + STEADY)) break;
  }
  return best;
}
