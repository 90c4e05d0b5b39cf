/** A picture of a gate or state over time: a column for each step, a row for each unit. */
import { colour } from "../../shell/chart.ts";
import { element } from "../../shell/dom.ts";
import { brief, short } from "../../shell/format.ts";

/** How far each key moves, in steps and units. */
const MOVES: Readonly<Record<string, readonly [step: number, unit: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [Number.NEGATIVE_INFINITY, 0],
  End: [Number.POSITIVE_INFINITY, 0],
};

export interface HeatMapOptions {
  readonly title: string;
  /** [steps, units] */
  readonly values: Float64Array;
  readonly steps: number;
  /** Whether values lie between 0 and 1; otherwise the colours are centred at 0. */
  readonly gate: boolean;
  /** The value with the full colour. */
  readonly most: number;
}

export class HeatMap {
  readonly figure: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #options: HeatMapOptions;
  readonly #units: number;
  /** Frames the value that is read. */
  readonly #marker = element("div", { class: "map-marker", hidden: "" });
  #step = 0;
  #unit = 0;

  /** @param onValue Called with the value under the pointer */
  constructor(options: HeatMapOptions, onValue: (text: string) => void) {
    const { title, values, steps, gate, most } = options;
    this.#options = options;
    this.#units = values.length / steps;
    this.#canvas = element("canvas", {
      role: "application",
      "aria-roledescription": "heat map",
      tabindex: "0",
      "aria-label": `${title}: ${steps} steps of ${this.#units} units, ${rangeOf(values)}`,
    });
    this.#canvas.width = steps;
    this.#canvas.height = this.#units;
    this.figure = element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        element("strong", {}, title),
        gate ? "0" : brief(-most),
        element("span", { class: gate ? "ramp gate" : "ramp", "aria-hidden": "true" }),
        gate ? "1" : brief(most),
      ),
      element("div", { class: "map" }, this.#canvas, this.#marker),
    );
    const read = () => {
      const value = values[this.#step * this.#units + this.#unit]!;
      onValue(`${title}, step ${this.#step}, unit ${this.#unit}: ${short(value)}`);
      this.#mark();
    };
    this.#canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
      const { clientWidth, clientHeight } = this.#canvas;
      this.#step = clamp(Math.floor((offsetX / clientWidth) * steps), steps);
      this.#unit = clamp(Math.floor((offsetY / clientHeight) * this.#units), this.#units);
      read();
    });
    this.#canvas.addEventListener("keydown", (event) => {
      const [step, unit] = MOVES[event.key] ?? [];
      if (step === undefined || unit === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#step = clamp(this.#step + step, steps);
      this.#unit = clamp(this.#unit + unit, this.#units);
      read();
    });
    this.#canvas.addEventListener("focus", read);
    this.draw();
  }

  #mark(): void {
    const { style } = this.#marker;
    this.#marker.hidden = false;
    style.left = `${(100 * this.#step) / this.#options.steps}%`;
    style.width = `${100 / this.#options.steps}%`;
    style.top = `${(100 * this.#unit) / this.#units}%`;
    style.height = `${100 / this.#units}%`;
  }

  /** Draws the map in the colours of the current theme. */
  draw(): void {
    const { values, steps, gate, most } = this.#options;
    const zero = rgb(colour("heat-zero"));
    const high = rgb(colour(gate ? "heat-gate" : "heat-high"));
    const low = rgb(colour("heat-low"));
    const image = new ImageData(steps, this.#units);
    for (let t = 0; t < steps; t++) {
      for (let unit = 0; unit < this.#units; unit++) {
        const value = values[t * this.#units + unit]! / most;
        const end = value < 0 ? low : high;
        const share = Math.min(1, Math.abs(value));
        const at = 4 * (unit * steps + t);
        for (let k = 0; k < 3; k++) image.data[at + k] = zero[k]! + share * (end[k]! - zero[k]!);
        image.data[at + 3] = 255;
      }
    }
    this.#canvas.getContext("2d")!.putImageData(image, 0, 0);
  }
}

function rangeOf(values: Float64Array): string {
  const [min, max] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  return `values from ${short(min)} to ${short(max)}`;
}

function clamp(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index));
}

/** #rrggbb as three numbers. */
function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
