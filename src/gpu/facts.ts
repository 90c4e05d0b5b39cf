import { OnDemand } from "../ondemand.ts";
import type { AdapterFacts } from "./adapter-facts.ts";
import type { DeviceBuffer } from "./buffer.ts";
import type { GpuContext } from "./context.ts";
import { BindGroups, Kernel, type PreparedDispatch, UNIFORM_ALIGNMENT } from "./kernel.ts";

const stopwatches = /* @__PURE__ */ new OnDemand(() => import("./stopwatch.ts"));

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

/** Time of a measurement by the page's clock, in ms, which stands out of a browser's 2.5 ms from answer to answer. */
const LONG_ENOUGH_MS = 8;

/** Operations of an invocation in a round of measure_fma. */
export const FMA_FLOPS = 16 * 2 * 4 * 2;

/** Workgroups that keep any adapter's cores busy while its rates are measured. */
const GROUPS = 256;

/** Invocations of measure_barrier, where a workgroup may have them. */
const BARRIER_SIZE = 256;

/** What measure_loads reads, in bytes. */
const LOADED_BYTES = 1 << 20;

/** Measures an adapter's facts, in about a quarter of a second; by the GPU's own clock where the device has timestamps. */
export async function measureFacts(context: GpuContext): Promise<AdapterFacts> {
  const size = Math.min(BARRIER_SIZE, context.limits.maxInvocations);
  const barrier = size === BARRIER_SIZE ? measureBarrier : measureBarrier.with({ SIZE: size });
  await Promise.all([context.kernels.compile([barrier, measureFma, measureLoads]), stopwatches.load()]);
  const out = context.allocate("activation", GROUPS * 64 * 4, "measured facts");
  const data = context.allocate("activation", LOADED_BYTES, "measured loads");
  const uniforms = context.allocateUniforms(UNIFORM_ALIGNMENT, "measured facts");
  const groups = new BindGroups();
  const whole = (buffer: DeviceBuffer) => ({ buffer, offset: 0, bytes: buffer.bytes });

  const stopwatch = new stopwatches.module.Stopwatch(context);
  const longEnough = Math.min(LONG_ENOUGH_MS, 2 * stopwatch.longEnough);

  /** What submits some work. */
  const workOf = (kernel: Kernel, params: Record<string, number>, grid: number, repeat = 1) => {
    const bytes = new DataView(new ArrayBuffer(kernel.paramBytes));
    kernel.packParams(params, bytes, 0);
    context.write(uniforms, 0, bytes);
    const storage = kernel === measureLoads ? [whole(data), whole(out)] : [whole(out)];
    const dispatch = context.kernels.prepare(kernel, uniforms, 0, storage, [grid, 1, 1], groups);
    const work = new Array<PreparedDispatch>(repeat).fill(dispatch);
    return () => context.submit(work);
  };

  try {
    const nothing = workOf(measureFma, { count: 0, factor: 0.5 }, 1);
    const empty = stopwatch.isOfGpu ? 0 : await stopwatch.least(nothing);
    /** Multiplies the work by four until it stands out; gives the time of one unit, in ms. */
    const unit = async (start: number, limit: number, workOfCount: (count: number) => () => void) => {
      for (let count = start; ; count *= 4) {
        const work = workOfCount(count);
        const isLast = count * 4 > limit;
        // One time tells that it is far too short.
        if (!isLast && (await stopwatch.time(work)) - empty <= longEnough) continue;
        const ms = (await stopwatch.least(work)) - empty;
        if (ms > longEnough || isLast) return Math.max(ms, 1e-3) / count;
      }
    };
    const fma = (groups: number, start: number, limit: number) =>
      unit(start, limit, (count) => workOf(measureFma, { count, factor: 0.5 }, groups));
    const round = await fma(GROUPS, 16, 1 << 16);
    const alone = await fma(1, 1024, 1 << 20);
    const loads = await unit(16, 1 << 16, (count) => workOf(measureLoads, { count }, GROUPS));
    // A round has two barriers.
    const barriers = await unit(64, 1 << 16, (count) => workOf(barrier, { count }, 1));
    const dispatch = await unit(64, 1 << 12, (count) =>
      workOf(measureFma, { count: 0, factor: 0.5 }, 1, count),
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
    stopwatch.dispose();
    out.dispose();
    data.dispose();
    uniforms.dispose();
  }
}
