/** The gates and states of the chosen unit after the last character, as bars. */
import { element, setText } from "../../shell/dom.ts";
import { decimals } from "../../shell/format.ts";
import { SIGNALS, signalsOf, type Thought } from "../model/signals.ts";

/** A signal's name in words, and whether it lies between 0 and 1. */
const MEANINGS: Readonly<Record<string, readonly [name: string, isGate: boolean]>> = {
  i: ["input gate", true],
  f: ["forget gate", true],
  g: ["candidate", false],
  o: ["output gate", true],
  c: ["cell state", false],
  h: ["hidden state", false],
  r: ["reset gate", true],
  z: ["update gate", true],
  n: ["candidate", false],
};

/** The cell state has no limits; this fills its bar. */
const MOST_CELL = 3;

interface Row {
  readonly bar: HTMLElement;
  readonly value: HTMLElement;
}

export class GateBars {
  readonly #list: HTMLElement;
  #names: readonly string[] = [];
  #rows: Row[] = [];

  /** @param list An empty `dl` */
  constructor(list: HTMLElement) {
    this.#list = list;
  }

  show(thought: Thought, at: number, unit: number): void {
    const names = SIGNALS[thought.cell];
    if (names !== this.#names) this.#build(names);
    for (const [s, value] of signalsOf(thought, at, unit).entries()) {
      const { bar, value: text } = this.#rows[s]!;
      const share = names[s] === "c" ? value / MOST_CELL : value;
      bar.style.transform = `scaleX(${Math.max(-1, Math.min(1, share))})`;
      bar.classList.toggle("below", value < 0);
      setText(text, decimals(value, 2));
    }
  }

  #build(names: readonly string[]): void {
    this.#names = names;
    this.#rows = [];
    const items = names.map((name) => {
      const [meaning, isGate] = MEANINGS[name]!;
      const bar = element("span", { class: isGate ? "gate" : "state" });
      const value = element("span", { class: "value" }, "–");
      this.#rows.push({ bar, value });
      return element(
        "div",
        {},
        element("dt", {}, element("code", {}, name), ` ${meaning}`),
        element(
          "dd",
          {},
          element("span", { class: isGate ? "track gate" : "track", "aria-hidden": "true" }, bar),
          value,
        ),
      );
    });
    this.#list.replaceChildren(...items);
  }
}
