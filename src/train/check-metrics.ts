import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Metric } from "./metrics.ts";

/** Throws an OptionError unless these are metrics with different names. */
export function checkMetrics(where: string, metrics: unknown): asserts metrics is readonly Metric[] {
  const isMetric = (metric: Partial<Metric> | null) =>
    typeof metric?.sums === "function" &&
    typeof metric.value === "function" &&
    typeof metric.name === "string";
  if (!Array.isArray(metrics) || !metrics.every(isMetric)) {
    throw new OptionError(
      `${where}: metrics must be a list such as [new metrics.MAE()], got ${show(metrics)}`,
    );
  }
  const names = new Set<string>(["loss", "validationLoss"]);
  for (const { name } of metrics as Metric[]) {
    if (names.has(name)) {
      throw new OptionError(
        `${where}: two metrics are called ${show(name)}; give one another name, { name: "…" }`,
      );
    }
    names.add(name);
  }
}
