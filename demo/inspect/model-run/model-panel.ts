/** The form that runs the whole model of the open file, on inputs that fit, and its outputs. */
import { element, byId as part, table } from "../../shell/dom.ts";
import { decimals, short } from "../../shell/format.ts";
import type { Gpu } from "../../shell/gpu.ts";
import { type FillKind, fill, firstSizes, type ModelInput, parseSizes } from "../file/model-inputs.ts";
import type { OpenFile, WholeModel } from "../file/opening.ts";
import { columnOf, MOST_LINES, OutputChart } from "../output-chart.ts";
import { RunFrame } from "../run-frame.ts";
import { type Filled, type ModelResult, runModel } from "./model-run.ts";

const KINDS: readonly (readonly [kind: FillKind, name: string])[] = [
  ["sine", "Sine"],
  ["step", "Step"],
  ["noise", "Noise"],
  ["zeros", "Zeros"],
  ["text", "Text"],
  ["numbers", "Numbers"],
];

/** What whole numbers can be filled with. */
const OF_WHOLE: readonly FillKind[] = ["text", "numbers", "zeros"];

const FIRST_TEXT = "the sea, the open sea";

/** A scalar that decides about the graph, such as a sampling rate. */
const FIRST_CONSTANT: Readonly<Record<string, string>> = { sr: "16000" };

/** The controls of one input. */
interface Row {
  readonly input: ModelInput;
  readonly sizes: HTMLInputElement;
  readonly kind: HTMLSelectElement;
  readonly text: HTMLInputElement;
}

/** What a run takes from the form. */
interface Run {
  readonly model: WholeModel;
  readonly inputs: readonly Filled[];
  readonly constants: Readonly<Record<string, bigint>>;
}

export class ModelPanel {
  readonly #frame: RunFrame<Run>;
  #model: WholeModel | undefined;
  #rows: Row[] = [];
  #chart: OutputChart | undefined;

  constructor(gpu: Gpu) {
    this.#frame = new RunFrame(gpu, "model", "model-run", {
      read: () => ({ model: this.#model!, inputs: this.inputs(), constants: this.constants() }),
      run: async (device, { model, inputs, constants }, signal) => {
        const loaded = await model.load(constants);
        try {
          return this.#show(await runModel(device, loaded, inputs, signal));
        } finally {
          loaded.dispose();
        }
      },
      hide: () => {
        part("model-results").hidden = true;
      },
    });
  }

  /** Stops the current run, and offers the model of another file. */
  offer(opened: OpenFile | undefined): void {
    this.#frame.renew();
    this.#model = opened?.model;
    this.#frame.ready = this.#model !== undefined;
    part("model-card").hidden = !this.#model;
    this.#rows = this.#model?.inputs.map((input, i) => rowOf(input, i)) ?? [];
    part("model-inputs").replaceChildren(...this.#rows.map(fieldsetOf));
  }

  /** Runs as the button does, unless the visitor was first. */
  runFirst(): Promise<void> {
    return this.#frame.runFirst();
  }

  /** Shows a status while nothing runs. */
  say(status: string): void {
    this.#frame.say(status);
  }

  get underWay(): boolean {
    return this.#frame.underWay;
  }

  /** Stops the current run; settles when its memory is free. */
  stop(): Promise<void> {
    return this.#frame.stop();
  }

  /** The inputs as the form has them. Throws an error in words for the visitor. */
  inputs(): Filled[] {
    return this.#rows
      .filter(({ input }) => !isConstant(input))
      .map(({ input, sizes, kind, text }) => {
        const shape = parseSizes(sizes.value, input);
        return { name: input.name, shape, data: fill(input, shape, kind.value as FillKind, text.value) };
      });
  }

  /** Values of the inputs that decide about the graph. */
  constants(): Record<string, bigint> {
    const scalars = this.#rows.filter(({ input }) => isConstant(input));
    return Object.fromEntries(
      scalars.map(({ input, text }) => {
        if (!/^-?\d+$/.test(text.value.trim())) throw new Error(`${input.name} must be a whole number.`);
        return [input.name, BigInt(text.value)];
      }),
    );
  }

  #show({ outputs, ms }: ModelResult): string {
    part("model-results").hidden = false;
    const columns = [
      { title: "Output" },
      { title: "Shape" },
      ...["Min", "Max", "Mean"].map((title) => ({ title, numeric: true })),
      { title: "First values" },
    ];
    const rows = outputs.map(({ name, value: { data, shape } }) => [
      name,
      `[${shape.join(", ")}]`,
      ...[
        data.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
        data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
        data.reduce((a, b) => a + b, 0) / data.length,
      ].map(short),
      [...data.subarray(0, 6)].map(short).join("  ") + (data.length > 6 ? " …" : ""),
    ]);
    part("model-outputs").replaceChildren(table("Outputs", "Of the last run", columns, rows));
    this.#drawChart(outputs);
    return `Done in ${decimals(ms, ms < 10 ? 2 : 0)} ms, after a first run that compiles.`;
  }

  /** Draws the first output that has steps. */
  #drawChart(outputs: ModelResult["outputs"]): void {
    this.#chart?.destroy();
    this.#chart = undefined;
    const drawn = outputs.find(({ value: { shape } }) => shape.length >= 2 && shape.at(-2)! > 1);
    part("model-chart").hidden = !drawn;
    part("model-chart-note").hidden = !drawn;
    if (!drawn) return;
    const { data, shape } = drawn.value;
    const [steps, features] = shape.slice(-2) as [number, number];
    const first = data.subarray(0, steps * features) as Float32Array;
    const lines = Array.from({ length: Math.min(features, MOST_LINES) }, (_, i) => ({
      label: `${drawn.name} ${i}`,
      values: columnOf(first, features, i),
    }));
    part("model-chart-note").textContent =
      `${drawn.name} over its ${steps} steps: ${lines.length === features ? "all" : `the first ${lines.length}`} of ${features} values a step.`;
    this.#chart = new OutputChart(part("model-chart"), undefined, lines);
  }
}

/** A scalar of whole numbers decides about the graph, and is given when the model is loaded. */
function isConstant({ whole, shape }: ModelInput): boolean {
  return whole && shape.length === 0;
}

function rowOf(input: ModelInput, i: number): Row {
  const sizes = element("input", {
    type: "text",
    id: `model-sizes-${i}`,
    inputmode: "numeric",
    spellcheck: "false",
  });
  sizes.value = firstSizes(input).join(", ");
  const kinds = KINDS.filter(
    ([kind]) =>
      input.whole === OF_WHOLE.includes(kind) || (!input.whole && kind === "numbers") || kind === "zeros",
  );
  const kind = element(
    "select",
    { id: `model-kind-${i}` },
    ...kinds.map(([value, name]) => element("option", { value }, name)),
  );
  const text = element("input", { type: "text", id: `model-text-${i}`, spellcheck: "false" });
  // Whole numbers without steps are lengths.
  const lengths = input.whole && input.shape.length === 1;
  kind.value = lengths || isConstant(input) ? "numbers" : input.whole ? "text" : "sine";
  text.value = isConstant(input)
    ? (FIRST_CONSTANT[input.name] ?? "1")
    : lengths
      ? "24"
      : input.whole
        ? FIRST_TEXT
        : "";
  return { input, sizes, kind, text };
}

function fieldsetOf({ input, sizes, kind, text }: Row): HTMLElement {
  const field = (control: HTMLElement, title: string) =>
    element("div", { class: "field" }, element("label", { for: control.id }, title), control);
  const value = field(text, "");
  const sized = field(sizes, `Sizes, [${input.shape.join(", ")}]`);
  const label = value.querySelector("label")!;
  const note = element("p", { class: "note", id: `${text.id}-note` });
  text.setAttribute("aria-describedby", note.id);
  const change = () => {
    const typed = kind.value === "text" || kind.value === "numbers";
    value.hidden = !typed;
    label.textContent = isConstant(input) ? "Value" : kind.value === "text" ? "Text" : "Numbers";
    note.textContent = isConstant(input)
      ? "Decides about the graph, so it is a constant of the loaded model."
      : kind.value === "text"
        ? `Each character's code, modulo ${input.entries ?? 256}: the file has no vocabulary. Repeated as often as it fits.`
        : kind.value === "numbers"
          ? "In row-major order, separated by blanks or commas."
          : "";
  };
  kind.addEventListener("change", change);
  change();
  const controls = isConstant(input) ? [value] : [sized, field(kind, "Values"), value];
  return element(
    "fieldset",
    { class: "model-input" },
    element(
      "legend",
      {},
      input.name,
      element("span", { class: "note" }, input.whole ? " whole numbers" : " numbers"),
    ),
    ...controls,
    note,
  );
}
