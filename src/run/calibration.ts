import type { GpuContext } from "../gpu/context.ts";
import type { CloseChoice } from "../ops/choice.ts";
import type { Program, ProgramSource } from "./program.ts";

/** A measurement must be longer than the 2.5 ms in which browsers answer. */
const LONG_ENOUGH_MS = 8;
const MOST_RUNS = 256;

/** Rounds of timing. The best time counts, because other work on the machine disturbs the rest. */
const ROUNDS = 3;

/** Stop timing a version this many times slower than the best. */
const MUCH = 1.3;

/** A version must be this many times faster than the predicted one to replace it. */
const LITTLE = 1.05;

/**
 * Times the versions of each close choice in turn, and returns the fastest by what it is for.
 * @param makeProgram The class of programs: as an argument, so that this file loads on demand with nothing behind it.
 */
export async function timeVersions(
  context: GpuContext,
  { graph, choices }: ProgramSource,
  close: readonly CloseChoice[],
  makeProgram: typeof Program,
): Promise<Record<string, string>> {
  const fastest: Record<string, string> = {};
  const none = new Map<never, never>();
  const empty = {
    inputs: none,
    outputs: none,
    carried: none,
    placed: none,
    optionalFrom: null,
    update: null,
  };
  for (const { what, trials } of close) {
    const kernels = Object.values(trials).flatMap((dispatches) => dispatches.map(({ kernel }) => kernel));
    await context.kernels.compile(new Set(kernels));
    const attempt = context.faults.attempt("device.compile");
    try {
      const programs = attempt.run(() =>
        Object.entries(trials).map(([version, dispatches]) => {
          const source = { graph, choices, dispatches, ...empty };
          return { version, best: Number.POSITIVE_INFINITY, program: new makeProgram(context, source) };
        }),
      );
      await attempt.accepted();
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
      // Times measured on a lost device mean nothing.
      context.check("device.compile");
      const [predicted] = programs;
      const chosen = programs.find((entry) => entry.best === best())!;
      fastest[what] = (chosen.best * LITTLE < predicted!.best ? chosen : predicted!).version;
    } finally {
      attempt.undo();
    }
  }
  return fastest;
}
