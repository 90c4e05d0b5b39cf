/** The signal of tools/make_silero_golden.py, sample by sample. */
const RATE = 16_000;
const FORMANTS = [
  [600, 150],
  [1300, 200],
  [2600, 300],
] as const;

/** Something like a voice: harmonics of a gliding tone, louder at three formants, in syllables. */
export function sileroSignal(length: number): Float32Array {
  let phase = 0;
  return Float32Array.from({ length }, (_, i) => {
    const t = i / RATE;
    const f0 = 130 + 30 * Math.sin(2 * Math.PI * 1.5 * t);
    phase += (2 * Math.PI * f0) / RATE;
    const loud = Math.max(0, Math.sin(2 * Math.PI * 2 * t)) ** 0.5;
    let value = 0;
    for (let k = 1; k < 25; k++) {
      const f = k * f0;
      const gain = FORMANTS.reduce(
        (sum, [center, width], n) => sum + Math.exp(-(((f - center) / width) ** 2)) / (n + 1),
        0,
      );
      value += gain * Math.sin(k * phase);
    }
    return 0.15 * loud * value;
  });
}
