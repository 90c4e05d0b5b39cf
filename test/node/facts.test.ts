/** An adapter's facts, on a made-up GPU whose speed is known: with its own clock, and by the page's. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { GpuContext } from "../../src/gpu/context.ts";
import { FMA_FLOPS, measureFacts } from "../../src/gpu/facts.ts";
import type { Kernel } from "../../src/gpu/kernel.ts";
import { steady } from "../../src/gpu/steady.ts";

afterEach(() => vi.restoreAllMocks());

/** Numbers in [0, 1), the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What the GPU can do: times in µs of a workgroup's round on a core, of a barrier and of a dispatch. */
interface Speed {
  readonly cores: number;
  readonly roundMicros: number;
  readonly loadMicros: number;
  readonly barrierMicros: number;
  readonly dispatchMicros: number;
}

const SPEED: Speed = { cores: 16, roundMicros: 0.2, loadMicros: 0.05, barrierMicros: 0.3, dispatchMicros: 8 };

/** How time is told. */
interface Clocks {
  /** Whether the device has timestamps, in what steps (µs), and how many of its µs are one. */
  readonly timestamps?: { readonly step: number; readonly rate?: number };
  /** The µs from the end of the work to its answer at least and at most. */
  readonly answer: readonly [number, number];
  /** How much longer work may take since others work too, as a share. */
  readonly disturbed: number;
}

/** A GPU that runs what measureFacts submits in the time that `speed` says. Time passes only there. */
function madeUp(speed: Speed, { timestamps, answer, disturbed }: Clocks, seed: number) {
  const random = randomOf(seed);
  let now = 1e6;
  let queued = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now / 1e3);
  const marks: number[] = [];
  let params = new Uint32Array(2);
  const stamp = () => {
    const { step, rate = 1 } = timestamps!;
    return Math.floor(((now + queued) * rate) / step) * step;
  };
  const runs = ({ name }: Kernel, [groups]: readonly number[]) => {
    const count = params[0]!;
    const waves = Math.ceil(groups! / speed.cores);
    if (name === "measure_fma") return speed.dispatchMicros + waves * count * speed.roundMicros;
    if (name === "measure_loads") return speed.dispatchMicros + waves * count * speed.loadMicros;
    return speed.dispatchMicros + 2 * count * speed.barrierMicros;
  };
  const wait = async () => {
    const [least, most] = answer;
    now += queued + least + random() * (most - least);
    queued = 0;
  };
  const mapped = { bytes: new ArrayBuffer(0) };
  const buffer = (bytes: number) => ({
    bytes,
    dispose() {},
    gpu: {
      mapAsync: wait,
      getMappedRange: () => mapped.bytes,
      unmap() {},
    },
  });
  const context = {
    limits: { maxInvocations: 256 },
    facts: { subgroupSize: 0 },
    info: { software: false },
    gpu: {
      features: new Set(timestamps ? ["timestamp-query"] : []),
      createQuerySet: ({ count }: { count: number }) => ({ count, destroy() {} }),
    },
    faults: { scoped: <T>(_: string, make: () => T) => make(), answered: async () => undefined },
    kernels: {
      compile: async () => {},
      prepare: (kernel: Kernel, _u: unknown, _o: number, _s: unknown, grid: readonly number[]) => ({
        kernel,
        grid,
      }),
    },
    allocate: (_role: string, bytes: number) => buffer(bytes),
    allocateUniforms: buffer,
    write: (_target: unknown, _offset: number, data: DataView) => {
      params = new Uint32Array(data.buffer.slice(0) as ArrayBuffer);
    },
    submit: (work: { kernel: Kernel; grid: readonly number[] }[]) => {
      // Others disturb one in five submissions.
      const share = random() < 1 / 5 ? 1 + disturbed * random() : 1;
      for (const { kernel, grid } of work) queued += runs(kernel, grid) * share;
    },
    encode: (write: (encoder: unknown) => void) =>
      write({
        beginComputePass: ({ timestampWrites }: { timestampWrites: GPUComputePassTimestampWrites }) => {
          marks[timestampWrites.beginningOfPassWriteIndex!] = stamp();
          marks[timestampWrites.endOfPassWriteIndex!] = stamp();
          return { end() {} };
        },
        resolveQuerySet() {
          mapped.bytes = BigUint64Array.from(marks, (micros) => BigInt(Math.round(micros * 1e3))).buffer;
        },
        copyBufferToBuffer() {},
      }),
    answer: <T>(answer: Promise<T>) => answer,
    idle: wait,
  };
  return context as unknown as GpuContext;
}

/** What the facts of a GPU of this speed are. */
const truthOf = ({ cores, roundMicros, loadMicros, barrierMicros, dispatchMicros }: Speed) => ({
  gflops: (cores * 64 * FMA_FLOPS) / (roundMicros * 1e3),
  gloads: (cores * 64 * 16) / (loadMicros * 1e3),
  workgroups: cores,
  barrierMicros,
  dispatchMicros,
});

type Measured = keyof ReturnType<typeof truthOf>;

/** The largest of quotients of a fact and the truth, or of two measurements. */
function farthest(facts: Record<Measured, number>, others: Record<Measured, number>): number {
  const quotients = (Object.keys(truthOf(SPEED)) as Measured[]).map((name) => facts[name] / others[name]);
  return Math.max(...quotients.map((quotient) => Math.max(quotient, 1 / quotient)));
}

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

describe("facts", () => {
  test.each([
    ["a GPU's own clock", { timestamps: { step: 0.04 }, answer: [50, 3000], disturbed: 0 }, 1.001],
    ["a clock in steps of 0.1 ms", { timestamps: { step: 100 }, answer: [50, 3000], disturbed: 0 }, 1.06],
    [
      "its own clock while others work",
      { timestamps: { step: 100 }, answer: [50, 3000], disturbed: 0.5 },
      1.08,
    ],
    [
      "an engine that answers every 100 ms",
      { timestamps: { step: 100 }, answer: [0, 1e5], disturbed: 0 },
      1.06,
    ],
    ["the page's clock", { answer: [50, 400], disturbed: 0 }, 1.06],
    ["the page's clock while others work", { answer: [50, 400], disturbed: 0.5 }, 1.08],
  ] as [string, Clocks, number][])("are right by %s, and the same twice", async (_, clocks, most) => {
    const all = [];
    for (const seed of seeds) all.push(await measureFacts(madeUp(SPEED, clocks, seed)));
    for (const facts of all) {
      expect(farthest(facts, truthOf(SPEED))).toBeLessThan(most);
      for (const other of all) expect(farthest(facts, other)).toBeLessThan(1.15);
    }
  });

  test.each([
    ["stands still", 0],
    ["runs backwards", -1],
    ["runs ahead", 40],
  ])("are the page's clock's where the GPU's %s", async (_, rate) => {
    const clocks = { timestamps: { step: 1, rate }, answer: [50, 100], disturbed: 0 } as const;
    const facts = await measureFacts(madeUp(SPEED, clocks, 1));
    expect(farthest(facts, truthOf(SPEED))).toBeLessThan(1.06);
  });

  test.each([
    [
      "a fast GPU",
      { cores: 512, roundMicros: 0.1, loadMicros: 0.02, barrierMicros: 0.05, dispatchMicros: 3 },
    ],
    ["a slow one", { cores: 2, roundMicros: 3, loadMicros: 1, barrierMicros: 20, dispatchMicros: 100 }],
  ])("are right on %s", async (_, speed) => {
    const clocks = { timestamps: { step: 1 }, answer: [50, 3000], disturbed: 0 } as const;
    const { workgroups, ...facts } = await measureFacts(madeUp(speed, clocks, 1));
    // More cores than the measurement has workgroups do not show.
    const cores = Math.min(256, speed.cores);
    const truth = truthOf({ ...speed, cores });
    expect(farthest({ workgroups, ...facts }, truth)).toBeLessThan(1.06);
  });
});

describe("a steady time", () => {
  const sampled = async (times: readonly number[]) => {
    let count = 0;
    const time = await steady(async () => times[count++]!);
    return { time, count };
  };

  test("is the least of four whose best two agree", async () => {
    expect(await sampled([10.2, 10, 12, 11, 9])).toEqual({ time: 10, count: 4 });
  });

  test("takes more tries until the two best agree", async () => {
    expect(await sampled([14, 12, 16, 10, 10.3, 9])).toEqual({ time: 10, count: 5 });
  });

  test("is the least of six where none agree", async () => {
    expect(await sampled([30, 20, 22, 17, 15, 13, 1])).toEqual({ time: 13, count: 6 });
  });
});
