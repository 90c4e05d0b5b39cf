/** A synthetic sensor bank: several harmonics and noise, and disturbances on demand. The same seed gives the same values. */
import { Generator } from "webgpu-lstm";

/** The disturbances of a sensor. */
export type Disturbance = "spike" | "dropout" | "drift";

/** Periods in samples and amplitudes of the harmonics; no period is a multiple of another. */
const HARMONICS = [
  { period: 47, amplitude: 1 },
  { period: 19, amplitude: 0.45 },
  { period: 7.3, amplitude: 0.25 },
] as const;

/** Standard deviation of the noise. */
const NOISE = 0.05;

/** The value of a sensor during a dropout. */
const DROPPED = -2;

/** The change of a value by each disturbance, and its length in samples. */
const DISTURBANCES: Record<Disturbance, { samples: number; apply(value: number, share: number): number }> = {
  spike: { samples: 1, apply: (value) => value + 1.5 },
  dropout: { samples: 8, apply: () => DROPPED },
  drift: { samples: 45, apply: (value, share) => value + 2 * share },
};

interface Ongoing {
  readonly kind: Disturbance;
  /** Samples since it began. */
  age: number;
}

/** Equal sensors that started at different times. */
export class SensorBank {
  readonly count: number;
  readonly #generator: Generator;
  /** [count, harmonics], in radians. */
  readonly #phases: Float32Array;
  readonly #noise: Float32Array;
  readonly #ongoing = new Map<number, Ongoing>();
  readonly #held = new Map<number, number>();
  #time = 0;

  constructor(count: number, seed: number) {
    this.count = count;
    this.#generator = new Generator(seed);
    this.#phases = this.#generator.uniform_(new Float32Array(count * HARMONICS.length), 0, 2 * Math.PI);
    this.#noise = new Float32Array(count);
  }

  /** Disturbs a sensor from the next sample on; this ends its last disturbance. */
  disturb(sensor: number, kind: Disturbance): void {
    this.#ongoing.set(sensor, { kind, age: 0 });
  }

  /** Keeps a sensor at a value from the next sample on; undefined lets it go. */
  hold(sensor: number, value: number | undefined): void {
    if (value === undefined) this.#held.delete(sensor);
    else this.#held.set(sensor, value);
  }

  /** The next value of every sensor, [count]. */
  next(): Float32Array {
    const noise = this.#generator.normal_(this.#noise, 0, NOISE);
    const values = Float32Array.from(noise, (value, sensor) => {
      const own = this.#disturbed(sensor, value + this.#clean(sensor));
      return this.#held.get(sensor) ?? own;
    });
    this.#time++;
    return values;
  }

  #clean(sensor: number): number {
    let sum = 0;
    for (const [k, { period, amplitude }] of HARMONICS.entries()) {
      const phase = this.#phases[sensor * HARMONICS.length + k]!;
      sum += amplitude * Math.sin((2 * Math.PI * this.#time) / period + phase);
    }
    return sum;
  }

  #disturbed(sensor: number, value: number): number {
    const ongoing = this.#ongoing.get(sensor);
    if (!ongoing) return value;
    const { samples, apply } = DISTURBANCES[ongoing.kind];
    const changed = apply(value, ongoing.age / samples);
    if (++ongoing.age >= samples) this.#ongoing.delete(sensor);
    return changed;
  }
}

/** Records an undisturbed bank: [samples] of each sensor. */
export function recordSensors(count: number, samples: number, seed: number): Float32Array<ArrayBuffer>[] {
  const bank = new SensorBank(count, seed);
  const recordings = Array.from({ length: count }, () => new Float32Array(samples));
  for (let t = 0; t < samples; t++) {
    for (const [sensor, value] of bank.next().entries()) recordings[sensor]![t] = value;
  }
  return recordings;
}

/** The number of sensors from which the model learns, and of values of each. */
const SENSORS = 12;
const SAMPLES = 480;

/** The seed of these sensors; the watched ones have another. */
const SEED = 1;

/** The recordings of normal data from which the synthetic sensor is learned. */
export function normalSensors(): Float32Array<ArrayBuffer>[] {
  return recordSensors(SENSORS, SAMPLES, SEED);
}
