import { DataError } from "../errors.ts";
import { type Batches, checkBatch } from "./batches.ts";
import { CarriedState } from "./carried-state.ts";
import type { Metric } from "./metrics.ts";
import { Readings, weighted } from "./readings.ts";
import type { Evaluation } from "./report.ts";
import { metricResults, type TrainerSteps } from "./steps.ts";

/** Loss and metrics over all batches, without training. A state that the model carries starts at zero, apart from training's. */
export function evaluate(
  where: string,
  steps: TrainerSteps,
  metrics: readonly Metric[],
  loader: Batches,
  signal?: AbortSignal,
): Promise<Evaluation> {
  return steps.inTurn(() => pass(where, steps, metrics, loader, signal));
}

async function pass(
  where: string,
  steps: TrainerSteps,
  metrics: readonly Metric[],
  loader: Batches,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const readings = new Readings();
  const names = ["loss", ...metrics.flatMap((_, i) => metricResults(i))];
  const carried = new CarriedState(where, steps);
  for (const batch of loader) {
    const samples = checkBatch(where, batch);
    const state = carried.inputs(batch, false);
    const step = await steps.evaluate(batch);
    await step.ready();
    signal?.throwIfAborted();
    const results = step.run({ x: batch.x, y: batch.y, ...state });
    carried.take(results, false);
    readings.add(
      names.map((name) => results[name]!),
      steps.weightOf(batch, samples),
    );
    await readings.settle();
  }
  const all = await readings.all();
  if (readings.anomaly) throw readings.anomaly;
  if (all.length === 0) throw new DataError(`${where}: the loader gave no batch`);
  const sum = (column: number) => all.reduce((total, { values }) => total + values[column]!, 0);
  const values = metrics.map((metric, i) => [metric.name, metric.value(sum(1 + 2 * i), sum(2 + 2 * i))]);
  return { loss: steps.lossOf(weighted(all)), metrics: Object.fromEntries(values) };
}
