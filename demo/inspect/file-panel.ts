/** Opens a file and shows its content: layers, tensors, optimizer, config. */

import { element, scrolling, table } from "../shell/dom.ts";
import { bytes, count, short } from "../shell/format.ts";
import { noticeOf, showText } from "../shell/notice.ts";
import { Breather } from "./breather.ts";
import exampleUrl from "./example.safetensors?url";
import { FileError, type ModelFile, readModelFile, type StoredTensor } from "./file.ts";
import { type Layer, lastPart, layersOf } from "./layers.ts";
import { BINS, type Statistics, statisticsOf } from "./statistics.ts";

/** A file that was read successfully. */
export interface Opened {
  readonly layers: readonly Layer[];
  /** Names of the tensors with values that are NaN or infinite. */
  readonly broken: ReadonlySet<string>;
}

const part = (id: string) => document.getElementById(id)!;

export class FilePanel {
  readonly #onOpened: (opened: Opened | undefined) => void;
  #opening = new AbortController();

  /** @param onOpened Called with `undefined` if there is no file */
  constructor(onOpened: (opened: Opened | undefined) => void) {
    this.#onOpened = onOpened;
    const input = part("file") as HTMLInputElement;
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      if (file) void this.#open(file.name, () => file.arrayBuffer());
      input.value = ""; // so that the same file can be chosen again
    });
    part("example").addEventListener("click", () => {
      void this.#open("example.safetensors", async () => {
        const response = await fetch(exampleUrl);
        if (!response.ok) throw new Error(`The example did not load (${response.status}). Try again.`);
        return response.arrayBuffer();
      });
    });
  }

  /** Opens a file that was dropped. */
  take([file]: readonly File[]): void {
    if (file) void this.#open(file.name, () => file.arrayBuffer());
  }

  async #open(name: string, read: () => Promise<ArrayBuffer>): Promise<void> {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#onOpened(undefined);
    part("contents").hidden = true;
    part("facts").hidden = true;
    showText(part("file-notice"), undefined);
    part("file-status").textContent = `Reading ${name}…`;
    try {
      const buffer = await read();
      signal.throwIfAborted();
      const file = readModelFile(buffer);
      const layers = layersOf(file.tensors);
      showFacts(name, buffer.byteLength, file);
      part("layers").replaceChildren(layersTable(layers));
      part("contents").hidden = false;
      const broken = await this.#showTensors(file, signal);
      part("extras").replaceChildren(...extrasOf(file));
      part("file-status").textContent = `${name} is open.`;
      this.#onOpened({ layers, broken });
    } catch (error) {
      if (signal.aborted) return;
      part("contents").hidden = true;
      part("file-status").textContent = `${name} was not opened.`;
      const known = error instanceof FileError;
      showText(part("file-notice"), known ? { title: error.title, advice: error.message } : noticeOf(error));
    }
  }

  /** Fills the table of tensors as their statistics are computed; returns the names of those with NaN or infinite values. */
  async #showTensors({ tensors }: ModelFile, signal: AbortSignal): Promise<Set<string>> {
    part("extras").replaceChildren();
    const breather = new Breather(signal);
    const rows: (readonly (Node | string)[])[] = [];
    const broken = new Map<string, Statistics>();
    for (const [i, tensor] of tensors.entries()) {
      const statistics = await statisticsOf(tensor.data, breather);
      if (statistics.nan + statistics.infinite > 0) broken.set(tensor.name, statistics);
      rows.push(tensorRow(tensor, statistics));
      if (i % 50 === 49)
        part("file-status").textContent = `Statistics: ${i + 1} of ${tensors.length} tensors…`;
    }
    const numbers = ["Values", "Bytes", "Min", "Max", "Mean", "Std", "Zeros"];
    const columns = [
      ...["Tensor", "Type", "Shape"].map((title) => ({ title })),
      ...numbers.map((title) => ({ title, numeric: true })),
      { title: "Histogram" },
    ];
    const note = `${count(tensors.length)} tensors; statistics of their finite values, histogram from min to max`;
    part("tensors").replaceChildren(table("Tensors", note, columns, rows));
    if (broken.size > 0) showText(part("file-notice"), brokenNotice(broken));
    return new Set(broken.keys());
  }
}

function brokenNotice(broken: ReadonlyMap<string, Statistics>) {
  const [[name, { nan, infinite }]] = [...broken] as [[string, Statistics]];
  const more = broken.size > 1 ? `, and ${broken.size - 1} more tensors hold such values` : "";
  return {
    title: "Weights that are no numbers",
    advice: `${name} holds ${count(nan)} NaN and ${count(infinite)} infinite values${more}. They are left out of the statistics; a layer with such weights gives no usable output and is not run.`,
  };
}

/** A BatchNorm's buffers are stored like parameters, but are none. */
function isParameter({ name }: StoredTensor): boolean {
  return !/^(running_(mean|var)|num_batches_tracked)$/.test(lastPart(name));
}

function parametersIn(tensors: readonly StoredTensor[]): number {
  return tensors.filter(isParameter).reduce((sum, { data }) => sum + data.length, 0);
}

function bytesIn(tensors: readonly StoredTensor[]): number {
  return tensors.reduce((sum, { bytes }) => sum + bytes, 0);
}

function showFacts(
  name: string,
  size: number,
  { tensors, optimizer, optimizerBytes, config }: ModelFile,
): void {
  const facts: [title: string, value: string][] = [
    ["File", name],
    ["Size", bytes(size)],
    ["Parameters", count(parametersIn(tensors))],
    ["Tensors", `${count(tensors.length)}, ${bytes(bytesIn(tensors))}`],
    ["Types", [...new Set(tensors.map(({ dtype }) => dtype))].join(", ") || "–"],
  ];
  if (optimizer)
    facts.push([
      "Optimizer",
      `state of ${Object.keys(optimizer.state).length} tensors, ${bytes(optimizerBytes)}`,
    ]);
  if (config !== undefined) facts.push(["Config", "yes"]);
  const list = part("facts");
  list.hidden = false;
  part("preview").hidden = true;
  list.replaceChildren(
    ...facts.flatMap(([title, value]) => [element("dt", {}, title), element("dd", {}, value)]),
  );
}

function layersTable(layers: readonly Layer[]): DocumentFragment {
  const columns = [
    { title: "Layer" },
    { title: "Kind" },
    { title: "Sizes" },
    { title: "Parameters", numeric: true },
    { title: "Bytes", numeric: true },
  ];
  const rows = layers.map(({ name, kind, sizes, tensors }) => [
    name || "(the model)",
    kind,
    sizes,
    count(parametersIn(tensors)),
    bytes(bytesIn(tensors)),
  ]);
  return table("Layers", "Told from PyTorch's names and from shapes", columns, rows);
}

function tensorRow({ name, dtype, shape, data, bytes: size }: StoredTensor, statistics: Statistics) {
  const { min, max, mean, std, zeros, nan, infinite } = statistics;
  const bad = nan + infinite;
  return [
    name,
    dtype,
    `[${shape.join(", ")}]`,
    bad > 0
      ? element("span", { class: "alarm" }, `${count(data.length)}, ${count(bad)} not finite`)
      : count(data.length),
    bytes(size),
    ...[min, max, mean, std].map(short),
    Number.isNaN(zeros) ? "–" : `${(100 * zeros).toFixed(1)} %`,
    histogram(statistics),
  ];
}

function histogram({ histogram: bins, min, max }: Statistics): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", "histogram");
  svg.setAttribute("viewBox", `0 0 ${BINS} 10`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `histogram from ${short(min)} to ${short(max)}`);
  const most = Math.max(1, ...bins);
  const path = document.createElementNS(namespace, "path");
  const bars = bins.map((n, i) => (n > 0 ? `M${i} 10V${10 - Math.max(0.5, (10 * n) / most)}h.85V10z` : ""));
  path.setAttribute("d", bars.join(""));
  svg.append(path);
  return svg;
}

/** Optimizer and config, folded up. */
function extrasOf({ optimizer, config }: ModelFile): HTMLElement[] {
  const folded = (title: string, value: unknown) =>
    element(
      "details",
      {},
      element("summary", {}, title),
      scrolling(title, element("pre", {}, JSON.stringify(value, null, 2))),
    );
  return [
    ...(optimizer ? [folded("Optimizer's groups", optimizer.param_groups)] : []),
    ...(config === undefined ? [] : [folded("Config", config)]),
  ];
}
