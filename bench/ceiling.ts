import type { Device } from "webgpu-lstm";
import { FMA_FLOPS, measureFma, measureLoads } from "../src/gpu/facts.ts";
import { BindGroups, UNIFORM_ALIGNMENT } from "../src/gpu/kernel.ts";
import { StagingPool } from "../src/gpu/staging.ts";
import { type Elapsed, startClock } from "../tasks/workloads/clock.ts";

/** Enough workgroups, of INVOCATIONS each, for every core of any adapter. */
const GROUPS = 256;
const INVOCATIONS = 64;

/** Minimum time of a sample in ms, so that submitting and waiting hardly count. */
const LONG_ENOUGH = 150;

/** Number of dispatches that are encoded together, and then three times as many: the difference gives the time of one. */
const ENCODED = 1000;

/** Bytes of one copy, and copies in a submission. */
const COPIED_BYTES = 32 << 20;
const COPIES = 8;

/** The adapter's best rates. They are measured repeatedly, between the steps that are compared with them. */
export interface Ceiling {
  /** The time of a known number of multiply-adds in registers. */
  sample(): Promise<{ readonly flops: number; readonly elapsed: Elapsed }>;
  /** From submitting an empty dispatch until it is known to be done, in ms. */
  roundTripMs(): Promise<number>;
  /** The page's time for encoding one more dispatch, with another pipeline and bind group, in µs. */
  encodeMicros(): Promise<number>;
  /** From submitting a copy of 512 bytes until the page has them, in ms. */
  readBackMs(): Promise<number>;
  /** The rate of copies between buffers, in 10⁹ bytes read (and written) a second. */
  copyRate(): Promise<number>;
  dispose(): void;
}

/** A place's adapter and its ceilings. */
export interface AdapterCeilings {
  readonly place: string;
  readonly info: Device["info"];
  readonly facts: Device["facts"];
  readonly ceiling: Omit<Ceiling, "dispose">;
}

export async function measureCeiling(device: Device): Promise<Ceiling> {
  await device.kernels.compile([measureFma, measureLoads]);
  const out = device.allocate("activation", GROUPS * INVOCATIONS * 4, "ceiling");
  const data = device.allocate("activation", out.bytes, "ceiling");
  const uniforms = device.allocateUniforms(UNIFORM_ALIGNMENT, "ceiling");
  const storage = [{ buffer: out, offset: 0, bytes: out.bytes }];
  const groups = new BindGroups();
  const params = new DataView(new ArrayBuffer(measureFma.paramBytes));
  const pool = new StagingPool(device, "ceiling");

  const time = async (count: number, workgroups: number) => {
    measureFma.packParams({ count, factor: 0.5 }, params, 0);
    device.write(uniforms, 0, params);
    const dispatch = device.kernels.prepare(measureFma, uniforms, 0, storage, [workgroups, 1, 1], groups);
    const elapsed = startClock();
    device.submit([dispatch]);
    await device.idle();
    return elapsed();
  };

  let rounds = 64;
  // The first run compiles the kernel, and any run may be delayed, so the better of two runs counts.
  await time(rounds, GROUPS);
  const fastest = async () =>
    Math.min((await time(rounds, GROUPS)).wallMs, (await time(rounds, GROUPS)).wallMs);
  while ((await fastest()) < LONG_ENOUGH && rounds < 1 << 24) rounds *= 2;
  return {
    async sample() {
      return { flops: GROUPS * INVOCATIONS * FMA_FLOPS * rounds, elapsed: await time(rounds, GROUPS) };
    },
    roundTripMs: async () => (await time(0, 1)).wallMs,
    async encodeMicros() {
      const params = new DataView(new ArrayBuffer(UNIFORM_ALIGNMENT));
      device.write(uniforms, 0, params);
      const [range] = storage;
      const prepare = (kernel: typeof measureFma | typeof measureLoads, buffers: typeof storage) =>
        device.kernels.prepare(kernel, uniforms, 0, buffers, [1, 1, 1], groups);
      const loaded = { ...range!, buffer: data };
      const pair = [prepare(measureFma, storage), prepare(measureLoads, [loaded, range!])];
      const encode = async (count: number) => {
        const dispatches = Array.from({ length: count }, (_, i) => pair[i % 2]!);
        const start = performance.now();
        device.submit(dispatches);
        const ms = performance.now() - start;
        await device.idle();
        return ms;
      };
      const some = await encode(ENCODED);
      return ((await encode(3 * ENCODED)) - some) * (1e3 / (2 * ENCODED));
    },
    async readBackMs() {
      const elapsed = startClock();
      await pool.read(out, 0, 128);
      return elapsed().wallMs;
    },
    async copyRate() {
      // Allocated and freed each time, since it takes 64 MiB.
      const [source, target] = ["source", "target"].map((name) =>
        device.allocate("activation", COPIED_BYTES, `copy ${name}`),
      );
      const copy = {
        source: source!,
        sourceOffset: 0,
        target: target!,
        targetOffset: 0,
        bytes: COPIED_BYTES,
      };
      device.copy([copy]);
      await device.idle();
      const elapsed = startClock();
      device.copy(new Array(COPIES).fill(copy));
      await device.idle();
      const { wallMs } = elapsed();
      source!.dispose();
      target!.dispose();
      return (COPIED_BYTES * COPIES) / (wallMs * 1e6);
    },
    dispose() {
      pool.dispose();
      out.dispose();
      data.dispose();
      uniforms.dispose();
    },
  };
}
