/** Opens a file and shows its content: layers, tensors, optimizer, config. */

import { element, byId as part, scrolling, table } from "../../shell/dom.ts";
import { bytes, count, counted, short } from "../../shell/format.ts";
import { noticeOf, showText } from "../../shell/notice.ts";
import { Breather } from "../breather.ts";
import onnxUrl from "../examples/example.onnx?url";
import torchUrl from "../examples/example.pt?url";
import exampleUrl from "../examples/example.safetensors?url";
import shardUrl from "../examples/group1-shard1of1.bin?url";
import tfjsUrl from "../examples/model.json?url";
import { FileError, type StoredTensor } from "./file.ts";
import { type Layer, lastPart, layersOf } from "./layers.ts";
import { onnxLayersOf } from "./onnx-layers.ts";
import { FORMATS, type NamedFile, type OpenFile, openFiles } from "./opening.ts";
import { BINS, type Statistics, statisticsOf } from "./statistics.ts";

/** A file that was read successfully. */
export interface Opened extends OpenFile {
  readonly layers: readonly Layer[];
  /** Names of the tensors with values that are NaN or infinite. */
  readonly broken: ReadonlySet<string>;
}

/** The examples: one model in three formats, and another for text. */
const EXAMPLES: Readonly<Record<string, readonly (readonly [name: string, url: string])[]>> = {
  safetensors: [["example.safetensors", exampleUrl]],
  pt: [["example.pt", torchUrl]],
  onnx: [["example.onnx", onnxUrl]],
  tfjs: [
    ["model.json", tfjsUrl],
    ["group1-shard1of1.bin", shardUrl],
  ],
};

async function fetched([name, url]: readonly [name: string, url: string]): Promise<NamedFile> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The example did not load (${response.status}). Try again.`);
  return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
}

async function readOf(file: File): Promise<NamedFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

export class FilePanel {
  readonly #onOpened: (opened: Opened | undefined) => void;
  #opening = new AbortController();
  /** Whether a file is open, or the visitor has chosen one. */
  #hasFile = false;
  #isOwn = false;

  /** @param onOpened Called with `undefined` if there is no file */
  constructor(onOpened: (opened: Opened | undefined) => void) {
    this.#onOpened = onOpened;
    const input = part("file") as HTMLInputElement;
    input.addEventListener("change", () => {
      this.take([...(input.files ?? [])]);
      input.value = ""; // so that the same file can be chosen again
    });
    const example = (format: string) => {
      this.#hasFile = true;
      void this.#openExample(format);
    };
    part("example").addEventListener("click", () => example("safetensors"));
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-example]")) {
      button.addEventListener("click", () => example(button.dataset["example"]!));
    }
  }

  /** Whether the file is the visitor's, or of another view. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** Opens the first example unless there is a file. */
  openFirst(): void {
    if (!this.#hasFile) void this.#openExample("safetensors");
  }

  #openExample(format: string): Promise<void> {
    this.#isOwn = false;
    const files = EXAMPLES[format]!;
    return this.#open(files[0]![0], () => Promise.all(files.map(fetched)));
  }

  /** Opens a file that was chosen or dropped, or a model.json with its shards. */
  take(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#hasFile = true;
    this.#isOwn = true;
    const { name } = files.find((file) => file.name.endsWith(".json")) ?? files[0]!;
    void this.#open(name, () => Promise.all(files.map(readOf)));
  }

  async #open(name: string, read: () => Promise<NamedFile[]>): Promise<void> {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#onOpened(undefined);
    part("contents").hidden = true;
    part("facts").hidden = true;
    showText(part("file-notice"), undefined);
    part("file-status").textContent = `Reading ${name}…`;
    try {
      const files = await read();
      signal.throwIfAborted();
      const file = await openFiles(files);
      signal.throwIfAborted();
      showFacts(file);
      part("operators").replaceChildren(...operatorsOf(file));
      part("contents").hidden = false;
      const known = file.refusal === undefined;
      for (const id of ["save-card", "run-card", "tensors-card"]) part(id).hidden = !known;
      part("layers-card").hidden = !known && !file.info.operators;
      const layers = (file.info.format === "onnx" ? onnxLayersOf : layersOf)(file.tensors);
      part("layers").replaceChildren(...(known ? [layersTable(layers, file.info.format)] : []));
      const broken = await this.#showTensors(file, signal);
      part("extras").replaceChildren(...extrasOf(file));
      part("file-status").textContent = known ? `${name} is open.` : `${name} is described, but not opened.`;
      if (file.refusal !== undefined) {
        showText(part("file-notice"), { title: "This model is not opened here", advice: file.refusal });
      }
      this.#hasFile = true;
      this.#onOpened({ ...file, layers, broken });
    } catch (error) {
      if (signal.aborted) return;
      part("contents").hidden = true;
      part("facts").hidden = true;
      part("file-status").textContent = `${name} was not opened.`;
      const known = error instanceof FileError;
      showText(part("file-notice"), known ? { title: error.title, advice: error.message } : noticeOf(error));
    }
  }

  /** Fills the table of tensors as their statistics are computed; returns the names of those with NaN or infinite values. */
  async #showTensors({ tensors }: OpenFile, signal: AbortSignal): Promise<Set<string>> {
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
    const note = `${counted(tensors.length, "tensor")}; statistics of their finite values, histogram from min to max`;
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

function showFacts({ name, size, info, tensors, optimizer, optimizerBytes, config }: OpenFile): void {
  const about = (key: string) => info.metadata.get(key);
  const ports = [...info.metadata].filter(([key]) => /^(input|output) /.test(key));
  const facts: [title: string, value: string][] = [
    ["File", name],
    ["Format", FORMATS[info.format] ?? info.format],
    ["Size", bytes(size)],
    ["Parameters", count(parametersIn(tensors))],
    ["Tensors", `${count(tensors.length)}, ${bytes(bytesIn(tensors))}`],
    ["Types", [...new Set(tensors.map(({ dtype }) => dtype))].join(", ") || "–"],
  ];
  if (optimizer)
    facts.push([
      "Optimizer",
      `state of ${counted(Object.keys(optimizer.state).length, "tensor")}, ${bytes(optimizerBytes)}`,
    ]);
  if (config !== undefined) facts.push(["Config", "yes"]);
  const made = about("producer") ?? about("generatedBy");
  if (made) facts.push(["Made by", made]);
  const opset = about("opset ai.onnx");
  if (opset) facts.push(["Opset", opset]);
  for (const [port, what] of ports) facts.push([port.replace(/^./, (letter) => letter.toUpperCase()), what]);
  const list = part("facts");
  list.hidden = false;
  part("preview").hidden = true;
  list.replaceChildren(
    ...facts.flatMap(([title, value]) => [element("dt", {}, title), element("dd", {}, value)]),
  );
}

function layersTable(layers: readonly Layer[], format: OpenFile["info"]["format"]): DocumentFragment {
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
  const note =
    format === "onnx"
      ? "Told from the initializers' names and shapes: a direction that is an operator of its own counts as a layer, and a GRU is taken as PyTorch exports it (linear_before_reset)"
      : "Told from PyTorch's names and from shapes";
  return table("Layers", note, columns, rows);
}

/** How often each operator or class of layer occurs, folded up. */
function operatorsOf({ info: { operators, format } }: OpenFile): HTMLElement[] {
  if (!operators) return [];
  const what = format === "onnx" ? "operators" : "classes of layers";
  const rows = [...operators].map(([name, times]) => [name, count(times)]);
  const columns = [{ title: format === "onnx" ? "Operator" : "Class" }, { title: "Times", numeric: true }];
  return [
    element(
      "details",
      {},
      element("summary", {}, `${count(rows.length)} ${what}`),
      table("Operators", "In all graphs of the file", columns, rows),
    ),
  ];
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
function extrasOf({ optimizer, config }: OpenFile): HTMLElement[] {
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
