/** The card with the times of steps: a histogram, quantiles, and how many values were left out. */
import { element, partsOf, setText } from "../../shell/dom.ts";
import { decimals } from "../../shell/format.ts";
import type { Latencies } from "../watching/latency.ts";
import { LatencyChart } from "./charts.ts";

const part = partsOf("stream");

export class LatencyCard {
  readonly #chart = new LatencyChart(part("latency-chart"));

  clear(): void {
    this.#chart.clear();
    part("quantiles").replaceChildren();
    setText(part("left-out"), "");
  }

  /** @param leftOut What was left out, in words; empty for nothing */
  draw(inWorker: Latencies, roundTrip: Latencies, leftOut: string): void {
    this.#chart.draw(inWorker.histogram(), roundTrip.histogram());
    const row = (name: string, times: Latencies) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, name),
        ...[0.5, 0.95, 0.99].map((share) =>
          element("td", { class: "number" }, milliseconds(times.quantile(share))),
        ),
      );
    part("quantiles").replaceChildren(row("in the worker", inWorker), row("round trip", roundTrip));
    setText(part("left-out"), leftOut);
  }
}

/** A time in ms without its unit. */
export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "–" : decimals(ms, ms < 10 ? 2 : 1);
}
