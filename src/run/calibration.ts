import type { GpuContext } from "../gpu/context.ts";
import type { CloseChoice } from "../ops/choice.ts";
import { Program, type ProgramSource } from "./program.ts";

/** A measured time must stand out of a browser's 2.5 ms answer granularity. */
const LONG_ENOUGH_MS = 8;
const MOST_RUNS = 256;

/** Times of one version vary with what else the machine does: the best of so many counts. */
const ROUNDS = 3;

/** One that was this much slower in a round is timed no more, and one that is not this much faster does not replace a prediction. */
const MUCH = 1.3;
const LITTLE = 1.05;

/** Times the contenders of each choice, in alternation; gives the fastest version of each, by what it is for. */
export async function timeVersions(
  context: GpuContext,
  { graph, choices }: ProgramSource,
  close: readonly CloseChoice[],
): Promise<Record<string, string>> {
  const fastest: Record<string, string> = {};
  const none = new Map<never, never>();
  for (const { what, trials } of close) {
    const kernels = Object.values(trials).flatMap((dispatches) => dispatches.map(({ kernel }) => kernel));
    await context.kernels.compile(new Set(kernels));
    const programs = Object.entries(trials).map(([version, dispatches]) => {
      const empty = {
        inputs: none,
        outputs: none,
        carried: none,
        placed: none,
        optionalFrom: null,
        update: null,
      };
      const source = { graph, choices, dispatches, ...empty };
      return { version, best: Number.POSITIVE_INFINITY, program: new Program(context, source) };
    });
    try {
      const time = async (program: Program, runs: number) => {
        const start = performance.now();
        for (let run = 0; run < runs; run++) program.replay(true);
        await context.idle();
        return performance.now() - start;
      };
      for (const { program } of programs) await time(program, 1);
      let runs = 1;
      while (runs < MOST_RUNS && (await time(programs[0]!.program, runs)) < LONG_ENOUGH_MS) runs *= 2;
      const best = () => Math.min(...programs.map((entry) => entry.best));
      for (let round = 0; round < ROUNDS; round++) {
        for (const entry of programs) {
          if (round > 0 && entry.best > MUCH * best()) continue;
          entry.best = Math.min(entry.best, await time(entry.program, runs));
        }
      }
      // What a lost device seems to take is no measurement.
      context.check("device.compile");
      const [predicted] = programs;
      const chosen = programs.find((entry) => entry.best === best())!;
      fastest[what] = (chosen.best * LITTLE < predicted!.best ? chosen : predicted!).version;
    } finally {
      for (const { program } of programs) program.dispose();
    }
  }
  return fastest;
}
