import type { Contestant, Work } from "../tasks/workloads/contestant.ts";
import { type Sample, sampleSteps } from "../tasks/workloads/sample.ts";
import { makeProblem, type Workload } from "../tasks/workloads/workload.ts";
import type { Ceiling } from "./ceiling.ts";

/** A contestant where it runs: in this process, in a browser, in Python. */
export interface Seat {
  /** Name of the contestant. */
  readonly name: string;
  readonly place: string;
  /** This library; the others are its peers. */
  readonly ours: boolean;
  /** The adapter's ceiling in that place, measured beside this library's own steps. */
  readonly ceiling: Pick<Ceiling, "sample"> | null;
  /** How far its results may be from the reference, where its numbers are not float32. */
  readonly tolerance?: number;
  /** Makes the model ready and does the first step. Throws where the library cannot do it. */
  open(workload: Workload): Promise<Seated>;
  /** Ends whatever goes on there, at once; a later `open` starts afresh. */
  stop(): Promise<void>;
}

/** A contestant with a workload in hand. */
export interface Seated {
  readonly firstStepMs: number;
  readonly firstResult: Float32Array;
  readonly work: Work;
  /** Times `count` steps, where it runs. */
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
