/**
 * The objective of tools/interop/queue.ts: it waits, step by step, with a checkpoint after each. `SLEEP_MS` says how long, `ENDS` names a file for a
 * line of each trial that was run to its end, with the time and the worker.
 */
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { DeviceLostError } from "webgpu-lstm";
import { pruners, samplers, type Trial, TrialPruned } from "webgpu-lstm/search";
import type { TrialCheckpoint } from "webgpu-lstm/search/node";

export const sampler = new samplers.Random();
export const pruner = new pruners.Threshold({ upper: 100 });

const STEPS = 4;

export default async function objective(trial: Trial, checkpoint: TrialCheckpoint): Promise<number> {
  const x = trial.suggestFloat("x", -1, 1);
  const saved = await checkpoint.load();
  const first = saved?.[0] ?? 0;
  const starts = [...((trial.userAttrs["starts"] as number[] | undefined) ?? []), first];
  trial.setUserAttr("starts", starts);
  const bad = trial.userAttrs["bad"];
  for (let step = first; step < STEPS; step++) {
    await setTimeout(Number(process.env["SLEEP_MS"]) / STEPS, null, { signal: trial.signal });
    trial.report(bad === "pruned" ? 1000 : x, step);
    if (await trial.shouldPrune()) throw new TrialPruned();
    await checkpoint.save(Uint8Array.of(step + 1));
    if (bad === "exits") process.exit(7);
    if (bad === "exits once" && starts.length === 1) process.kill(process.pid, "SIGKILL");
    if (bad === "loses its device once" && starts.length === 1)
      throw new DeviceLostError("the device was lost");
    if (bad === "throws") throw new RangeError("no such layer");
  }
  appendFileSync(process.env["ENDS"]!, `${trial.number} ${Date.now()} ${process.ppid}\n`);
  return x * x;
}
