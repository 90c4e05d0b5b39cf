/** What a step consists of, counted without running it: the same on every machine, so that a change of it is seen. */
import { create, globals } from "webgpu";
import { type AdapterFacts, Device } from "webgpu-lstm";
import { webgpuLstm } from "../tasks/workloads/webgpu-lstm.ts";
import { makeProblem, workloads } from "../tasks/workloads/workload.ts";

/** Counts of one workload's step. */
export interface Counters {
  readonly dispatches: number;
  /** Dispatches by kernel; a stream tells only their number. */
  readonly kernels: Readonly<Record<string, number>>;
  readonly flops: number;
  /** Live bytes after the first step, by role. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Buffers made. */
  readonly buffers: number;
}

/** Adapters to plan for: SwiftShader on two cores as it is measured with nothing else running, and a large GPU. */
export const ADAPTERS: Readonly<Record<string, AdapterFacts>> = {
  software: {
    gflops: 55,
    gloads: 0.75,
    barrierMicros: 12,
    dispatchMicros: 20,
    workgroups: 2,
    subgroupSize: 4,
    software: true,
  },
  gpu: {
    gflops: 20_000,
    gloads: 1500,
    barrierMicros: 0.05,
    dispatchMicros: 3,
    workgroups: 500,
    subgroupSize: 32,
    software: false,
  },
};

/** Plans every workload for an adapter, on a device that computes nothing: Dawn's null backend. */
export async function countersFor(facts: AdapterFacts): Promise<Record<string, Counters>> {
  Object.assign(globalThis, globals);
  const gpu = create(["backend=null"]);
  const adapter = await gpu.requestAdapter();
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter!.limits;
  const native = await adapter!.requestDevice({
    requiredFeatures: ["subgroups"],
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  // The null backend has no subgroups of one size; the facts say which to plan for.
  const size = { subgroupMinSize: facts.subgroupSize, subgroupMaxSize: facts.subgroupSize };
  const info = { vendor: "", architecture: "null", device: "", description: "", ...size };
  Object.defineProperty(native, "adapterInfo", { value: info });
  const device = await Device.from(native, { facts });
  const contestant = webgpuLstm(device);
  const counters: Record<string, Counters> = {};
  for (const workload of workloads) {
    const before = device.memory.allocations;
    const runner = await contestant.open(makeProblem(workload));
    const { dispatches = 0, flops = 0, bytes = {}, kernels = {} } = runner.work;
    const buffers = device.memory.allocations - before;
    counters[workload.name] = { dispatches, kernels, flops, bytes, buffers };
    runner.dispose();
  }
  device.dispose();
  native.destroy();
  return counters;
}

/** What differs, a line each: `software W1 dispatches: 58 → 60`. */
export function differences(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isRecord(before) || isRecord(after)) {
    const [a, b] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], [...path, key]));
  }
  return before === after ? [] : [`${path.join(" ")}: ${show(before)} → ${show(after)}`];
}

const show = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
