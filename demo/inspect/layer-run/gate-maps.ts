/** The heat maps of one layer, and the choice of the layer. */
import { element } from "../../shell/dom.ts";
import { THEME_CHANGE } from "../../shell/theme.ts";
import type { CellKind } from "../file/stack.ts";
import type { LayerTrace } from "./gates.ts";
import { HeatMap } from "./heat-map.ts";
import { Replay } from "./replay.ts";

/** The names of the gates, by PyTorch's letters. */
const NAMES: Readonly<Record<CellKind, Readonly<Record<string, string>>>> = {
  lstm: { i: "Input gate i", f: "Forget gate f", g: "Cell gate g", o: "Output gate o" },
  gru: { r: "Reset gate r", z: "Update gate z", n: "New gate n" },
  rnn: {},
};

/** The gates with a sigmoid. */
const SIGMOID = new Set(["i", "f", "o", "r", "z"]);

export class GateMaps {
  readonly #container: HTMLElement;
  readonly #select: HTMLSelectElement;
  readonly #value: HTMLElement;
  readonly replay: Replay;
  #maps: HeatMap[] = [];
  #draw = () => {};

  constructor(container: HTMLElement, select: HTMLSelectElement, value: HTMLElement) {
    this.#container = container;
    this.#select = select;
    this.#value = value;
    this.replay = new Replay(container);
    select.addEventListener("change", () => this.#draw());
    document.addEventListener(THEME_CHANGE, () => {
      for (const map of this.#maps) map.draw();
    });
  }

  /** @param kind The kind of the traced cells */
  show(layers: readonly LayerTrace[], steps: number, kind: CellKind): void {
    const twoWays = layers.some(({ reverse }) => reverse);
    const before = this.#select.value;
    this.#select.replaceChildren(
      ...layers.map(({ layer, reverse }, i) => {
        const way = twoWays ? (reverse ? ", backward" : ", forward") : "";
        return element("option", { value: String(i) }, `layer ${layer}${way}`);
      }),
    );
    // Keeps the chosen layer if the new stack has it.
    this.#select.value = layers[Number(before)] ? before || "0" : "0";
    this.#draw = () => this.#show(layers[Number(this.#select.value)]!, steps, kind);
    this.#draw();
  }

  #show({ series }: LayerTrace, steps: number, kind: CellKind): void {
    this.#value.textContent = "Point at a map to read a value, or move through it with the arrow keys.";
    this.#maps = [...series].map(([name, values]) => {
      const gate = SIGMOID.has(name);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // A cell state and a relu have no bound; a tanh is drawn on its whole range.
      const bounded = name !== "c" && largest <= 1;
      const title = NAMES[kind][name] ?? (name === "c" ? "Cell state c" : "Hidden state h");
      return new HeatMap({ title, values, steps, gate, most: gate || bounded ? 1 : largest || 1 }, (text) => {
        this.#value.textContent = text;
      });
    });
    this.#container.replaceChildren(...this.#maps.map(({ figure }) => figure));
    this.replay.show({ values: series.get("h")!, steps });
  }
}
