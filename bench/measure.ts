import type { Ceiling } from "./ceiling.ts";
import { type Elapsed, startClock } from "./clock.ts";
import type { Contestant, Runner, Work } from "./contestant.ts";
import { checkResult, referenceResult } from "./reference.ts";
import { makeProblem, type Workload } from "./workload.ts";

/** How often to measure. */
export interface Effort {
  /** Runs of each workload, at most. */
  readonly runs: number;
  /** Runs of each workload that are made however long they take. */
  readonly least: number;
  /** After this many seconds of runs no more than the least are started. */
  readonly seconds: number;
}

/** Everything measured of one contestant at one workload. One sample each a run, in order. */
export interface Measurement {
  readonly workload: Workload;
  readonly contestant: string;
  readonly firstStepMs: number;
  /** First number of the first step's result, and of the last one's: the loss, where there is one. */
  readonly first: number;
  readonly last: number;
  readonly reference: number;
  readonly work: Work;
  readonly samples: Samples;
}

export interface Samples {
  /** From the call to the end of the work. */
  readonly steps: Elapsed[];
  /** From the call to its return. */
  readonly encodeMs: number[];
  /** The adapter's FMA rate beside the run, just before and just after it, in 10⁹ operations a second. */
  readonly ceilings: Rates[];
}

/** Operations over a time on the wall and over a time of the cores, in 10⁹ a second. */
export interface Rates {
  readonly wall: number;
  readonly cpu: number;
}

/** Steps before the first that is timed, besides the very first; slow ones need fewer. */
const WARM_UP = { steps: 3, ms: 500 };

/** Measures all contestants at one workload, in alternation with each other and with the adapter's ceiling. */
export async function measure(
  workload: Workload,
  contestants: readonly Contestant[],
  ceiling: Ceiling,
  effort: Effort,
): Promise<Measurement[]> {
  const problem = makeProblem(workload);
  const expected = referenceResult(problem);
  const entries: { contestant: Contestant; runner: Runner; samples: Samples }[] = [];
  try {
    for (const contestant of contestants) {
      const runner = await contestant.open(problem);
      entries.push({ contestant, runner, samples: { steps: [], encodeMs: [], ceilings: [] } });
      checkResult(`${contestant.name} at ${workload.name}`, runner.firstResult, expected);
      const start = performance.now();
      for (let i = 0; i < WARM_UP.steps && performance.now() - start < WARM_UP.ms; i++) {
        runner.step();
        await runner.wait();
      }
    }
    const start = performance.now();
    for (let run = 0; run < effort.runs; run++) {
      if (run >= effort.least && performance.now() - start > effort.seconds * 1e3) break;
      for (const { runner, samples } of entries) {
        const before = await ceiling.sample();
        const elapsed = startClock();
        runner.step();
        samples.encodeMs.push(elapsed().wallMs);
        await runner.wait();
        samples.steps.push(elapsed());
        const after = await ceiling.sample();
        const flops = before.flops + after.flops;
        samples.ceilings.push({
          wall: flops / ((before.elapsed.wallMs + after.elapsed.wallMs) * 1e6),
          cpu: flops / ((before.elapsed.cpuMs + after.elapsed.cpuMs) * 1e6),
        });
      }
    }
    const measurements: Measurement[] = [];
    for (const { contestant, runner, samples } of entries) {
      const { firstStepMs, firstResult, work } = runner;
      const [first, last] = [firstResult[0]!, (await runner.result())[0]!];
      if (workload.task === "train" && !(last < first)) {
        throw new Error(`${contestant.name} at ${workload.name}: the loss went from ${first} to ${last}`);
      }
      const measured = { firstStepMs, first, last, reference: expected[0]!, work, samples };
      measurements.push({ workload, contestant: contestant.name, ...measured });
    }
    return measurements;
  } finally {
    for (const { runner } of entries) runner.dispose();
  }
}
