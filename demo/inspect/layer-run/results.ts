/** Shows the results of a run. */
import type { KernelTime, Profile } from "webgpu-lstm";
import { bar, element, byId as part, scrolling, table } from "../../shell/dom.ts";
import { download } from "../../shell/download.ts";
import { bytes, count, decimals, short } from "../../shell/format.ts";
import type { LinearLayer } from "../file/layers.ts";
import type { RecurrentStack } from "../file/stack.ts";
import { columnOf, MOST_LINES, OutputChart } from "../output-chart.ts";
import { GateMaps } from "./gate-maps.ts";
import type { StackTrace } from "./gates.ts";
import type { RunResult } from "./run.ts";
import type { Signal } from "./signals.ts";

/** Maximum number of listed dispatches; the trace has all. */
const MOST_DISPATCHES = 400;

export interface Shown {
  readonly stack: RecurrentStack;
  readonly readout: LinearLayer | undefined;
  readonly input: Signal;
  readonly result: RunResult;
  readonly trace: StackTrace;
}

export class Results {
  readonly #maps = new GateMaps(part("maps"), part("gate-layer") as HTMLSelectElement, part("map-value"));
  #chart: OutputChart | undefined;
  #trace: string | undefined;

  constructor() {
    part("trace").addEventListener("click", () =>
      download("webgpu-lstm-trace.json", this.#trace!, "application/json"),
    );
  }

  hide(): void {
    this.rest();
    part("results").hidden = true;
  }

  /** Stops the replay until {@link resume}. */
  rest(): void {
    this.#maps.replay.rest();
  }

  resume(): void {
    if (!part("results").hidden) this.#maps.replay.resume();
  }

  show(shown: Shown): void {
    part("results").hidden = false;
    this.#showOutput(shown);
    const { stack, input, result, trace } = shown;
    this.#maps.show(trace.layers, input.steps, stack.kind);
    const error = trace.output.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - result.hidden.data[i]!)),
      0,
    );
    part("gates-note").textContent =
      "A column a step, a row a unit. Computed here in float64 by PyTorch's formulas; the GPU's hidden states in float32 " +
      `differ by ${error.toExponential(1)} at most.`;
    showGradients(result);
    showMemory(result);
    this.#showProfile(result);
  }

  #showOutput({ stack, readout, input, result }: Shown): void {
    this.#chart?.destroy();
    const columns = result.output.shape.at(-1)!;
    const drawn = Math.min(columns, MOST_LINES);
    const name = readout ? readout.name || "output" : "h";
    const lines = Array.from({ length: drawn }, (_, i) => ({
      label: columns === 1 ? name : `${name} ${i}`,
      values: columnOf(result.output.data, columns, i),
    }));
    const one = stack.inputSize === 1;
    this.#chart = new OutputChart(
      part("output-chart"),
      { label: one ? "input" : "input 0", values: columnOf(input.data, stack.inputSize, 0) },
      lines,
    );
    const what = readout
      ? `${readout.name || "The Linear"}, applied to every step's hidden state`
      : "The last layer's hidden state at every step";
    const some = columns > drawn ? `; the first ${drawn} of ${columns} are drawn` : "";
    part("output-note").textContent =
      `${what}${some}. Initial states are zero. Mean square of the output: ${short(result.loss)}.`;
  }

  #showProfile({ profiles, program }: RunResult): void {
    const last = profiles.at(-1);
    this.#trace = last?.toChromeTrace();
    part("trace").hidden = !last;
    if (!last) {
      part("profile").replaceChildren(
        element(
          "p",
          {},
          "This device has no timestamps, so there are no times; these are the dispatches of the program.",
        ),
        scrolling("Program", element("pre", {}, program)),
      );
      return;
    }
    part("profile").replaceChildren(kernelTable(profiles), dispatchList(last));
  }
}

function showGradients({ gradients }: RunResult): void {
  const most = Math.max(...gradients.map(({ norm }) => norm)) || 1;
  const columns = [{ title: "Parameter" }, { title: "‖∂L/∂p‖", numeric: true }, { title: "" }];
  const rows = gradients.map(({ name, norm }) => [name, short(norm), bar(norm / most)]);
  part("gradients").replaceChildren(
    table("Gradient norms", "Of L, the mean square of the output", columns, rows),
  );
}

function showMemory({ memory }: RunResult): void {
  const held = Object.entries(memory).filter(([, size]) => size > 0);
  const total = held.reduce((sum, [, size]) => sum + size, 0);
  const columns = [{ title: "Role" }, { title: "Bytes", numeric: true }, { title: "" }];
  const rows = [
    ...held.map(([role, size]) => [role, bytes(size), bar(size / total)]),
    ["total", bytes(total), ""],
  ];
  part("memory").replaceChildren(
    table("GPU memory", "Held by the model and this program; given back after the run", columns, rows),
  );
}

function kernelTable(profiles: readonly Profile[]): DocumentFragment {
  const runs = profiles.length;
  const kernels = new Map<string, KernelTime>();
  for (const kernel of profiles.flatMap((profile) => profile.kernels)) {
    const known = kernels.get(kernel.kernel);
    kernels.set(kernel.kernel, known ? { ...kernel, micros: known.micros + kernel.micros } : kernel);
  }
  const times = [...kernels.values()].map((kernel) => ({ ...kernel, micros: kernel.micros / runs }));
  const total = times.reduce((sum, { micros }) => sum + micros, 0);
  const numeric = (title: string) => ({ title, numeric: true });
  const columns = [
    { title: "Kernel" },
    ...["Dispatches", "ms", "Share"].map(numeric),
    { title: "" },
    ...["GFLOP/s", "GB/s"].map(numeric),
  ];
  const rate = (amount: number, micros: number) => (micros > 0 ? decimals(amount / micros / 1e3, 2) : "–");
  const rows = times
    .sort((a, b) => b.micros - a.micros)
    .map(({ kernel, dispatches, micros, flops, bytes: moved }) => [
      kernel,
      count(dispatches),
      decimals(micros / 1e3, 3),
      total > 0 ? `${decimals((100 * micros) / total, 1)} %` : "–",
      bar(micros / (total || 1)),
      rate(flops, micros),
      rate(moved, micros),
    ]);
  const dispatches = profiles[0]!.dispatches.length;
  const note =
    `${count(dispatches)} dispatches forward and backward, ${decimals(total / 1e3, 2)} ms on the GPU: mean of ${runs} runs. ` +
    "Browsers round the GPU's clock (Chromium to 0.1 ms), so short kernels may show no time.";
  return table("GPU time by kernel", note, columns, rows);
}

function dispatchList({ dispatches }: Profile): HTMLElement {
  const columns = [
    { title: "No." },
    { title: "Kernel" },
    { title: "Begins at, µs", numeric: true },
    { title: "µs", numeric: true },
  ];
  const rows = dispatches
    .slice(0, MOST_DISPATCHES)
    .map(({ kernel, beginMicros, micros }, i) => [
      String(i),
      kernel,
      beginMicros.toFixed(0),
      micros.toFixed(0),
    ]);
  const cut = dispatches.length > rows.length ? `; the first ${count(rows.length)}, the trace has all` : "";
  return element(
    "details",
    {},
    element("summary", {}, `All ${count(dispatches.length)} dispatches in order`),
    table("Dispatches", `As the last run had them${cut}`, columns, rows),
  );
}
