/** The card that says what the chosen unit fires on in the held-out text. */
import { element, partsOf, setText } from "../../shell/dom.ts";
import { decimals } from "../../shell/format.ts";
import type { AnswerTo, Firing, Passage } from "../model/firing.ts";
import { background } from "./shades.ts";

const byId = partsOf("text");

/** Characters listed as highest, and as lowest. */
const NAMED = 4;

/** Characters that cannot be seen. */
const VISIBLE: Readonly<Record<string, string>> = { " ": "space", "\n": "new line", "\t": "tab" };

const visible = (character: string) => VISIBLE[character] ?? character;

export class FiringPanel {
  /** Says why there is nothing to show. */
  clear(unit: number, why: string): void {
    this.#head(unit);
    setText(byId("firing-note"), why);
    byId("firing-answers").replaceChildren();
    byId("firing-high").replaceChildren();
    byId("firing-low").replaceChildren();
    byId("firing-found").hidden = true;
  }

  show(unit: number, { high, low, answers }: Firing): void {
    this.#head(unit);
    setText(
      byId("firing-note"),
      "Strongest places in text that the model was not trained on; the framed character is where the unit peaks.",
    );
    byId("firing-found").hidden = false;
    byId("firing-high").replaceChildren(...high.map(line));
    byId("firing-low").replaceChildren(...low.map(line));
    const named = (title: string, list: readonly AnswerTo[]) => [
      element("dt", {}, title),
      element(
        "dd",
        {},
        ...list.map(({ character, mean }) =>
          element("span", {}, element("kbd", {}, visible(character)), ` ${decimals(mean, 2)}`),
        ),
      ),
    ];
    byId("firing-answers").replaceChildren(
      ...named("On average highest after", answers.slice(0, NAMED)),
      ...named("lowest after", answers.slice(-NAMED).reverse()),
    );
  }

  #head(unit: number): void {
    setText(byId("firing-title"), `What unit ${unit + 1} fires on`);
  }
}

function line({ characters, shades, at }: Passage): HTMLElement {
  const spans = characters.map((character, i) => {
    const span = element(i === at ? "mark" : "span", {}, character === "\n" ? " ⏎ " : character);
    span.style.backgroundColor = background(shades[i]!);
    return span;
  });
  return element("li", {}, ...spans);
}
