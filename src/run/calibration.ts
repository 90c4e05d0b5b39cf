/** Judges kernel versions on the adapter itself: compares them with the plain one, and times them. Loads on demand. */

import type { Verdicts } from "../gpu/adapter-facts.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { Stopwatch } from "../gpu/stopwatch.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { CloseChoice } from "../ops/choice.ts";
import type { Dispatch } from "../ops/op.ts";
import type { Program, ProgramSource } from "./program.ts";
import { faultsOf } from "./proof.ts";

const MOST_RUNS = 256;

/** Rounds of timing. The best time counts, because other work on the machine disturbs the rest. */
const ROUNDS = 3;

/** Stop timing a version this many times slower than the best. */
const MUCH = 1.3;

/** A version must be this many times faster than the predicted one to replace it. */
const LITTLE = 1.05;

/** How long a pass of a layer and a model may be timed, in ms, where nobody has asked for it. */
const PASS_MS = 75;
const MODEL_MS = 500;

/**
 * Judges the versions of each choice. Those of a choice with a proof are compared first, and timed within bounds; a choice that there is no
 * time for is left to predictions.
 * @param makeProgram The class of programs: as an argument, so that this file loads on demand with nothing behind it.
 */
export async function judgeVersions(
  context: GpuContext,
  { graph, choices }: ProgramSource,
  close: readonly CloseChoice[],
  makeProgram: typeof Program,
): Promise<Verdicts> {
  const verdicts: Verdicts = { versions: {}, wrong: { ...context.facts.wrong } };
  const none = new Map<never, never>();
  const empty = {
    inputs: none,
    outputs: none,
    carried: none,
    optionalFrom: null,
    update: null,
  };
  const programOf = (dispatches: readonly Dispatch[], placed: ReadonlyMap<Tensor, BufferRange> = none) =>
    new makeProgram(context, { graph, choices, dispatches, placed, ...empty });
  const stopwatch = new Stopwatch(context);
  try {
    let left = MODEL_MS;
    for (const { what, trials, proof } of close) {
      if (proof) {
        for (const [version, fault] of await faultsOf(
          context,
          without(proof, verdicts.wrong[proof.of]),
          programOf,
        )) {
          verdicts.wrong[proof.of] = [...new Set([...(verdicts.wrong[proof.of] ?? []), version])];
          console.warn(
            `webgpu-lstm: version ${version} of ${what} is wrong on ${context.describe()} and is left out: ${fault}; update the graphics ` +
              "driver, and please report it with the adapter's name",
          );
        }
      }
      const wrong = (proof && verdicts.wrong[proof.of]) ?? [];
      const contenders = Object.entries(trials).filter(([version]) => !wrong.includes(version));
      const allowed = proof ? Math.min(PASS_MS, left) : Number.POSITIVE_INFINITY;
      if (allowed <= 0) continue;
      const { fastest, ms } = await fastestOf(context, contenders, programOf, stopwatch, allowed);
      verdicts.versions[what] = fastest;
      if (proof) left -= ms;
    }
  } finally {
    stopwatch.dispose();
  }
  return verdicts;
}

/** A proof of the versions that are not known to be wrong yet: by another size, for example. */
function without(proof: NonNullable<CloseChoice["proof"]>, wrong: readonly string[] = []) {
  const left = Object.entries(proof.dispatches).filter(([version]) => !wrong.includes(version));
  return { ...proof, dispatches: Object.fromEntries(left) };
}

/**
 * Times versions in turn; gives the fastest, and how long that took.
 * @param trials The one that is predicted to be the fastest comes first.
 * @param allowed Milliseconds after which no further round begins.
 */
async function fastestOf(
  context: GpuContext,
  trials: readonly (readonly [version: string, dispatches: readonly Dispatch[]])[],
  programOf: (dispatches: readonly Dispatch[]) => Program,
  stopwatch: Stopwatch,
  allowed: number,
): Promise<{ readonly fastest: string; readonly ms: number }> {
  if (trials.length === 1) return { fastest: trials[0]![0], ms: 0 };
  await context.kernels.compile(
    new Set(trials.flatMap(([, dispatches]) => dispatches.map(({ kernel }) => kernel))),
  );
  const attempt = context.faults.attempt("device.compile");
  try {
    const programs = attempt.run(() =>
      trials.map(([version, dispatches]) => ({
        version,
        best: Number.POSITIVE_INFINITY,
        program: programOf(dispatches),
      })),
    );
    await attempt.accepted();
    const time = (program: Program, runs: number) =>
      stopwatch.time(() => {
        for (let run = 0; run < runs; run++) program.replay(true);
      });
    const start = performance.now();
    const spent = () => performance.now() - start;
    for (const { program } of programs) await time(program, 1);
    let runs = 1;
    while (runs < MOST_RUNS && (await time(programs[0]!.program, runs)) < stopwatch.longEnough) runs *= 2;
    const best = () => Math.min(...programs.map((entry) => entry.best));
    for (let round = 0; round < ROUNDS && (round === 0 || spent() < allowed); round++) {
      for (const entry of programs) {
        if (round > 0 && entry.best > MUCH * best()) continue;
        entry.best = Math.min(entry.best, await time(entry.program, runs));
      }
    }
    // Times measured on a lost device mean nothing.
    context.check("device.compile");
    const [predicted] = programs;
    const chosen = programs.find((entry) => entry.best === best())!;
    const { version } = chosen.best * LITTLE < predicted!.best ? chosen : predicted!;
    return { fastest: version, ms: spent() };
  } finally {
    attempt.undo();
  }
}
