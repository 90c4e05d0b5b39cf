/** What one watches of the model: the text in a unit's colours, the strip of units, and the unit's gates. */
import { partsOf, setText } from "../../shell/dom.ts";
import { count } from "../../shell/format.ts";
import type { Thought } from "../model/signals.ts";
import { GateBars } from "./gate-bars.ts";
import { Paper } from "./paper.ts";
import { pictureOf } from "./picture.ts";
import { UnitStrip } from "./unit-strip.ts";

const byId = partsOf("text");

export class Watch {
  /** Called when the visitor has chosen another unit. */
  onUnit: (unit: number) => void = () => {};
  readonly #paper = new Paper(byId("paper"), byId("plain"));
  readonly #strip = new UnitStrip(byId<HTMLCanvasElement>("units"));
  readonly #gates = new GateBars(byId("gates"));

  constructor() {
    this.#strip.onChoose = (unit) => {
      this.#paper.unit = unit;
      this.#showLast();
      this.onUnit(unit);
    };
  }

  get unit(): number {
    return this.#strip.unit;
  }

  set unit(unit: number) {
    this.#strip.unit = unit;
    this.#paper.unit = unit;
    this.#showLast();
    this.settle();
  }

  /** Begins a text. */
  clear(): void {
    this.#paper.clear();
  }

  /** Adds characters `from` to `to` of a thought; the first `prompt` ones are the visitor's. */
  add(thought: Thought, from: number, to: number, prompt: number): void {
    for (let at = from; at < to; at++) this.#paper.add(thought, at, at < prompt);
    this.#paper.scroll();
    this.#showLast();
  }

  /** The text as a picture. */
  picture(): HTMLCanvasElement {
    return pictureOf(this.#paper.shaded);
  }

  /** Tells screen readers what there is; called when the writing rests and now and then. */
  settle(): void {
    this.#paper.settle();
    this.#strip.settle();
  }

  #showLast(): void {
    const { last } = this.#paper;
    if (!last) return;
    this.#strip.show(last.thought, last.at);
    const { unit } = this.#strip;
    this.#gates.show(last.thought, last.at, unit);
    setText(byId("unit-name"), `Unit ${unit + 1} of ${count(last.thought.units)}`);
    setText(
      byId("shade-name"),
      last.thought.cell === "LSTM" ? "tanh of its cell state c" : "its hidden state h",
    );
  }
}
