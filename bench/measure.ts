import type { Work } from "../tasks/workloads/contestant.ts";
import type { Sample } from "../tasks/workloads/sample.ts";
import { makeProblem, type Workload } from "../tasks/workloads/workload.ts";
import { checkResult, referenceResult } from "./reference.ts";
import type { Seat, Seated } from "./seat.ts";

/** Options of {@link measure}. */
export interface MeasureOptions {
  /** Computes the first step's result in float64; the reference in tasks/ if not given. */
  readonly reference?: (workload: Workload) => Promise<Float64Array>;
  /** Prints a line about the progress. */
  readonly say?: (line: string) => void;
}

/** How often to measure, and how long to wait. */
export interface Effort {
  /** Maximum number of samples of each contestant at each workload. */
  readonly runs: number;
  /** Number of samples that are taken whatever their time, unless steps are slow. */
  readonly least: number;
  /** After this many seconds of its own samples, a contestant takes no more than the least number. */
  readonly seconds: number;
  /** A peer whose first step takes longer than this many seconds is not timed, and the report says so. */
  readonly patience: number;
}

/** All measurements of one contestant at one workload; the samples are in the order of the runs. */
export interface Measurement {
  readonly workload: Workload;
  readonly contestant: string;
  readonly place: string;
  readonly firstStepMs: number;
  /** The first number of the results of the first and the last step: the loss, if there is one. */
  readonly first: number;
  readonly last: number;
  readonly reference: number;
  readonly work: Work;
  /** Steps in one sample: several short steps are timed together. */
  readonly stepsASample: number;
  readonly samples: readonly Sample[];
  /** The adapter's FMA rate around each sample, in 10⁹ operations a second; measured for this library only. */
  readonly ceilings: readonly Rates[];
}

/** A contestant without a time, and why. */
export interface Failure {
  readonly workload: Workload;
  readonly contestant: string;
  readonly place: string;
  readonly reason: string;
}

/** Operations by wall time and by the cores' time, in 10⁹ a second. */
interface Rates {
  readonly wall: number;
  readonly cpu: number | null;
}

/** Untimed steps after the first one, at most; slow steps need fewer. */
const WARM_UP = { steps: 3, ms: 500 };

/** Approximate minimum time of a sample in ms, far above any clock's resolution. */
const LONG_ENOUGH = 20;

/** A step that takes longer than this, in ms, is slow: one sample is enough when its time is up. */
const SLOW = 5000;

interface Entry {
  readonly seat: Seat;
  readonly seated: Seated;
  readonly samples: Sample[];
  readonly ceilings: Rates[];
  stepsASample: number;
  spentMs: number;
}

/** Measures all contestants at one workload in alternation, and the adapter's ceiling around this library's samples. */
export async function measure(
  workload: Workload,
  seats: readonly Seat[],
  effort: Effort,
  { reference, say = () => {} }: MeasureOptions = {},
): Promise<{ measurements: Measurement[]; failures: Failure[] }> {
  const expected = await (reference?.(workload) ?? referenceResult(makeProblem(workload)));
  const entries = new Map<Seat, Entry>();
  const failures: Failure[] = [];
  const fail = async (seat: Seat, error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.split("\n")[0]!.replace(/^page\.evaluate: (Error: )?/, "");
    failures.push({ workload, contestant: seat.name, place: seat.place, reason });
    say(`  ${seat.name}, ${seat.place}: ${reason}`);
    entries.delete(seat);
    await seat.stop();
  };
  try {
    for (const seat of seats) {
      let seated: Seated | undefined;
      try {
        seated = await within(seat, seat.open(workload), effort.patience);
        const entry = { seat, seated, samples: [], ceilings: [], stepsASample: 1, spentMs: 0 };
        checkResult(`${seat.name} at ${workload.name}`, seated.firstResult, expected, seat.tolerance);
        await warmUp(entry);
        entries.set(seat, entry);
        say(`  ${seat.name}, ${seat.place}: first step ${(seated.firstStepMs / 1e3).toFixed(2)} s`);
      } catch (error) {
        await seated?.close().catch(() => {});
        await fail(seat, error);
      }
    }
    for (let run = 0; run < effort.runs; run++) {
      for (const [seat, entry] of [...entries]) {
        if (!wants(entry, effort)) continue;
        try {
          await within(seat, takeSample(entry), effort.patience * 2);
        } catch (error) {
          await fail(seat, error);
        }
      }
    }
    const measurements: Measurement[] = [];
    for (const [seat, { seated, samples, ceilings, stepsASample }] of [...entries]) {
      const { firstStepMs, firstResult, work } = seated;
      const [first, last] = [firstResult[0]!, (await seated.result())[0]!];
      if (workload.task === "train" && !(last < first)) {
        await fail(
          seat,
          new Error(`${seat.name} at ${workload.name}: the loss went from ${first} to ${last}`),
        );
        continue;
      }
      const { name: contestant, place } = seat;
      const measured = { firstStepMs, first, last, reference: expected[0]!, work, stepsASample };
      measurements.push({ workload, contestant, place, ...measured, samples, ceilings });
    }
    return { measurements, failures };
  } finally {
    for (const { seated } of entries.values()) await seated.close();
  }
}

/** Rejects if a peer takes too long. */
async function within<T>(seat: Seat, work: Promise<T>, seconds: number): Promise<T> {
  if (seat.ours) return work;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1e3);
  });
  work.catch(() => {}); // Ending the seat rejects it, later.
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

async function warmUp(entry: Entry): Promise<void> {
  const start = performance.now();
  let wallMs = entry.seated.firstStepMs;
  // The first step is usually slow because it compiles; the second one shows the speed.
  if (wallMs > SLOW * 2) return;
  for (let i = 0; i < WARM_UP.steps && (i === 0 || performance.now() - start < WARM_UP.ms); i++) {
    ({ wallMs } = await entry.seated.sample(1));
  }
  entry.stepsASample = Math.max(1, Math.min(200, Math.ceil(LONG_ENOUGH / wallMs)));
}

function wants({ samples, spentMs }: Entry, { runs, least, seconds }: Effort): boolean {
  if (samples.length === 0) return true;
  if (samples.length >= runs) return false;
  if (spentMs < seconds * 1e3) return true;
  return samples.length < least && samples[0]!.wallMs < SLOW;
}

async function takeSample(entry: Entry): Promise<void> {
  const { seat, seated, samples, ceilings, stepsASample } = entry;
  const before = await seat.ceiling?.sample();
  const start = performance.now();
  samples.push(await seated.sample(stepsASample));
  entry.spentMs += performance.now() - start;
  const after = await seat.ceiling?.sample();
  if (!before || !after) return;
  const flops = before.flops + after.flops;
  const cpuMs = before.elapsed.cpuMs === null ? null : before.elapsed.cpuMs + after.elapsed.cpuMs!;
  ceilings.push({
    wall: flops / ((before.elapsed.wallMs + after.elapsed.wallMs) * 1e6),
    cpu: cpuMs === null ? null : flops / (cpuMs * 1e6),
  });
}
