import { type Summary, summarize } from "../tasks/statistics/statistics.ts";
import type { Measurement } from "./measure.ts";

/** The summary of a measurement; null for what a library does not report or what does not apply. */
export interface Figures {
  readonly workload: string;
  readonly contestant: string;
  readonly place: string;
  readonly stepMs: Summary;
  readonly stepCpuMs: Summary | null;
  readonly encodeMicros: Summary | null;
  readonly encodeMicrosADispatch: number | null;
  readonly firstStepMs: number;
  readonly dispatches: number | null;
  readonly megaflop: number | null;
  readonly gflops: number | null;
  readonly ceilingGflops: Summary | null;
  /** The median over all samples of the rate divided by the ceiling measured beside it. */
  readonly shareOfCeiling: number | null;
  /** The same by the cores' time; null if the adapter does not run on the cores. */
  readonly shareByCpu: number | null;
  readonly bytes: Readonly<Record<string, number>>;
  readonly bytesTotal: number | null;
  readonly peakBytes: number | null;
  /** Activation bytes for each time step, sequence and unit of a layer. */
  readonly activationBytes: number | null;
}

/** @param software Whether the adapter is the machine's own cores. */
export function figuresOf(measurement: Measurement, software: boolean): Figures {
  const { workload, contestant, place, firstStepMs, work, samples, ceilings } = measurement;
  const { flops, dispatches, bytes = {}, peakBytes } = work;
  const known = <T>(values: readonly (T | null)[]) =>
    values.length > 0 && values.every((value) => value !== null) ? (values as readonly T[]) : null;
  const summary = (values: readonly number[] | null) => (values ? summarize(values) : null);
  const median = (values: readonly number[] | null) => (values ? summarize(values).median : null);

  const step = summarize(samples.map(({ wallMs }) => wallMs));
  const cpuMs = known(samples.map(({ cpuMs }) => cpuMs));
  const encode = summary(known(samples.map(({ encodeMs }) => encodeMs && encodeMs * 1e3)));
  const compared = flops !== undefined && ceilings.length === samples.length && ceilings.length > 0;
  const shares = compared ? samples.map(({ wallMs }, i) => flops / (wallMs * 1e6) / ceilings[i]!.wall) : null;
  const coreRates = known(ceilings.map(({ cpu }) => cpu));
  const cpuShares =
    compared && software && cpuMs && coreRates
      ? cpuMs.map((ms, i) => flops / (ms * 1e6) / coreRates[i]!)
      : null;
  const { seqLen, batch, hiddenSize, numLayers, task } = workload;
  const steps = task === "stream" ? 1 : seqLen;
  return {
    workload: workload.name,
    contestant,
    place,
    stepMs: step,
    stepCpuMs: summary(cpuMs),
    encodeMicros: encode,
    encodeMicrosADispatch: encode && dispatches ? encode.median / dispatches : null,
    firstStepMs,
    dispatches: dispatches ?? null,
    megaflop: flops === undefined ? null : flops / 1e6,
    gflops: flops === undefined ? null : flops / (step.median * 1e6),
    ceilingGflops: compared ? summarize(ceilings.map(({ wall }) => wall)) : null,
    shareOfCeiling: median(shares),
    shareByCpu: median(cpuShares),
    bytes,
    bytesTotal: work.bytes ? Object.values(bytes).reduce((sum, live) => sum + live, 0) : null,
    peakBytes: peakBytes ?? null,
    activationBytes:
      bytes.activation === undefined ? null : bytes.activation / (steps * batch * hiddenSize * numLayers),
  };
}
