import type { Contestant, Work } from "../tasks/workloads/contestant.ts";
import { type Sample, sampleSteps } from "../tasks/workloads/sample.ts";
import { makeProblem, type Workload } from "../tasks/workloads/workload.ts";
import type { Ceiling } from "./ceiling.ts";

/** A contestant and the place where it runs: this process, a browser, or Python. */
export interface Seat {
  /** Name of the contestant. */
  readonly name: string;
  readonly place: string;
  /** Whether it is this library and not a peer. */
  readonly ours: boolean;
  /** The adapter's ceiling in that place, measured beside this library's steps. */
  readonly ceiling: Pick<Ceiling, "sample"> | null;
  /** Maximum error of its results, if its numbers are not float32. */
  readonly tolerance?: number;
  /** Builds the model and runs the first step. Throws if the library cannot do it. */
  open(workload: Workload): Promise<Seated>;
  /** Stops all work there at once; a later `open` starts again. */
  stop(): Promise<void>;
}

/** A contestant with an open workload. */
export interface Seated {
  readonly firstStepMs: number;
  readonly firstResult: Float32Array;
  readonly work: Work;
  /** Times `count` steps. */
  sample(count: number): Promise<Sample>;
  result(): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A contestant in this process. */
export function seatHere(
  contestant: Contestant,
  place: string,
  ceiling: Pick<Ceiling, "sample"> | null,
): Seat {
  return {
    name: contestant.name,
    place,
    ours: true,
    ceiling,
    async open(workload) {
      const runner = await contestant.open(makeProblem(workload));
      return {
        ...runner,
        sample: (count) => sampleSteps(runner, count),
        close: async () => runner.dispose(),
      };
    },
    stop: async () => {},
  };
}
