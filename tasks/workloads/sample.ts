import { type Elapsed, startClock } from "./clock.ts";
import type { Runner } from "./contestant.ts";

/** The mean times of one step, over steps that run one after another. */
export interface Sample extends Elapsed {
  /** From the call of a step to its return, in ms; null if the library returns only when the step is done. */
  readonly encodeMs: number | null;
}

/** Times `count` steps one after another. */
export async function sampleSteps(runner: Runner, count: number): Promise<Sample> {
  let encodeMs = 0;
  const elapsed = startClock();
  for (let i = 0; i < count; i++) {
    const called = performance.now();
    runner.step();
    encodeMs += performance.now() - called;
    await runner.wait();
  }
  const { wallMs, cpuMs } = elapsed();
  return {
    wallMs: wallMs / count,
    cpuMs: cpuMs === null ? null : cpuMs / count,
    encodeMs: encodeMs / count,
  };
}
