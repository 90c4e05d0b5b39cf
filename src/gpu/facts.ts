import { OnDemand } from "../ondemand.ts";
import type { AdapterFacts } from "./adapter-facts.ts";
import type { DeviceBuffer } from "./buffer.ts";
import type { GpuContext } from "./context.ts";
import { BindGroups, Kernel, type PreparedDispatch, UNIFORM_ALIGNMENT } from "./kernel.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./measure.wgsl.ts"));

export const measureBarrier = /* @__PURE__ */ new Kernel({
  name: "measure_barrier",
  texts,
  workgroup: [256, 1, 1],
  params: { count: "u32" },
  bindings: { out: "read_write" },
});

export const measureFma = /* @__PURE__ */ new Kernel({
  name: "measure_fma",
  texts,
  workgroup: [64, 1, 1],
  params: { count: "u32", factor: "f32" },
  bindings: { out: "read_write" },
});

export const measureLoads = /* @__PURE__ */ new Kernel({
  name: "measure_loads",
  texts,
  workgroup: [64, 1, 1],
  params: { count: "u32" },
  bindings: { data: "read", out: "read_write" },
});

/** A measured time must stand out of a browser's 2.5 ms answer granularity. */
const LONG_ENOUGH_MS = 8;

/** Operations of an invocation in a round of measure_fma. */
export const FMA_FLOPS = 16 * 2 * 4 * 2;

/** Workgroups that keep any adapter's cores busy while its rates are measured. */
const GROUPS = 256;

/** Invocations of measure_barrier, where a workgroup may have them. */
const BARRIER_SIZE = 256;

/** What measure_loads reads, in bytes. */
const LOADED_BYTES = 1 << 20;

/** Measures an adapter's facts, in about a quarter of a second. */
export async function measureFacts(context: GpuContext): Promise<AdapterFacts> {
  const size = Math.min(BARRIER_SIZE, context.limits.maxInvocations);
  const barrier = size === BARRIER_SIZE ? measureBarrier : measureBarrier.with({ SIZE: size });
  await context.kernels.compile([barrier, measureFma, measureLoads]);
  const out = context.allocate("activation", GROUPS * 64 * 4, "measured facts");
  const data = context.allocate("activation", LOADED_BYTES, "measured loads");
  const uniforms = context.allocateUniforms(UNIFORM_ALIGNMENT, "measured facts");
  const groups = new BindGroups();
  const whole = (buffer: DeviceBuffer) => ({ buffer, offset: 0, bytes: buffer.bytes });

  /** Milliseconds from submission to the end of the work, the best of three. */
  const time = async (kernel: Kernel, params: Record<string, number>, grid: number, repeat = 1) => {
    const bytes = new DataView(new ArrayBuffer(kernel.paramBytes));
    kernel.packParams(params, bytes, 0);
    context.write(uniforms, 0, bytes);
    const storage = kernel === measureLoads ? [whole(data), whole(out)] : [whole(out)];
    const dispatch = context.kernels.prepare(kernel, uniforms, 0, storage, [grid, 1, 1], groups);
    const work = new Array<PreparedDispatch>(repeat).fill(dispatch);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      context.submit(work);
      await context.idle();
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };

  const empty = await time(measureFma, { count: 0, factor: 0.5 }, 1);
  /** Multiplies the work by four until it stands out; gives the time of one unit, in ms. */
  const unit = async (start: number, limit: number, run: (count: number) => Promise<number>) => {
    for (let count = start; ; count *= 4) {
      const ms = (await run(count)) - empty;
      if (ms > LONG_ENOUGH_MS || count * 4 > limit) return Math.max(ms, 1e-3) / count;
    }
  };
  try {
    const fma = (groups: number, start: number, limit: number) =>
      unit(start, limit, (count) => time(measureFma, { count, factor: 0.5 }, groups));
    const round = await fma(GROUPS, 16, 1 << 16);
    const alone = await fma(1, 1024, 1 << 20);
    const loads = await unit(16, 1 << 16, (count) => time(measureLoads, { count }, GROUPS));
    // A round has two barriers.
    const barriers = await unit(64, 1 << 16, (count) => time(barrier, { count }, 1));
    const dispatch = await unit(64, 1 << 12, (count) =>
      time(measureFma, { count: 0, factor: 0.5 }, 1, count),
    );
    return {
      gflops: (GROUPS * 64 * FMA_FLOPS) / (round * 1e6),
      gloads: (GROUPS * 64 * 16) / (loads * 1e6),
      workgroups: Math.max(1, (GROUPS * alone) / round),
      barrierMicros: ((barriers * 1e3) / 2) * (BARRIER_SIZE / size),
      dispatchMicros: dispatch * 1e3,
      subgroupSize: context.facts.subgroupSize,
      software: context.info.software,
    };
  } finally {
    out.dispose();
    data.dispose();
    uniforms.dispose();
  }
}
