/** Replays a run: a line moves over the gate maps, and bars show the hidden state at that step. */
import { colour } from "../../shell/chart.ts";
import { partsOf, setText } from "../../shell/dom.ts";
import { THEME_CHANGE } from "../../shell/theme.ts";

const part = partsOf("replay");

/** Steps a second. */
const RATE = 12;

/** Hidden states over time. */
export interface States {
  /** [steps, units] */
  readonly values: Float64Array;
  readonly steps: number;
}

export class Replay {
  /** What has the line over it. */
  readonly #maps: HTMLElement;
  readonly #slider = part<HTMLInputElement>("step");
  readonly #canvas = part<HTMLCanvasElement>("units");
  #states: States | undefined;
  #step = 0;
  /** The largest absolute value, at least 1. */
  #most = 1;
  /** Whether it plays whenever the view is shown. */
  #playing: boolean;
  #frame: number | undefined;

  constructor(maps: HTMLElement) {
    this.#maps = maps;
    // Who asked for less motion presses Play.
    this.#playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    part("toggle").addEventListener("click", () => {
      this.#playing = !this.#playing;
      this.#run();
    });
    this.#slider.addEventListener("input", () => {
      this.#playing = false;
      this.#run();
      this.#show(this.#slider.valueAsNumber);
    });
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    document.addEventListener(THEME_CHANGE, () => this.#draw());
  }

  /** Begins to replay these states, at the step where the last ones were. */
  show(states: States): void {
    this.#states = states;
    this.#most = states.values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    this.#slider.max = String(states.steps - 1);
    this.#show(Math.min(this.#step, states.steps - 1));
    this.#run();
  }

  /** Stops until {@link resume}: the view is hidden. */
  rest(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  resume(): void {
    if (this.#states) this.#run();
  }

  #run(): void {
    this.rest();
    setText(part("toggle"), this.#playing ? "Pause" : "Play");
    if (!this.#playing) return;
    // A frame comes only where the page can be seen.
    let due = performance.now() + 1000 / RATE;
    const frame = (now: number) => {
      this.#frame = requestAnimationFrame(frame);
      if (now < due) return;
      due = now + 1000 / RATE;
      this.#show((this.#step + 1) % this.#states!.steps);
    };
    this.#frame = requestAnimationFrame(frame);
  }

  #show(step: number): void {
    const { steps } = this.#states!;
    this.#step = step;
    this.#slider.valueAsNumber = step;
    this.#slider.setAttribute("aria-valuetext", `step ${step}`);
    setText(part("text"), `step ${step}`);
    this.#maps.style.setProperty("--now", `${(100 * (step + 0.5)) / steps}%`);
    this.#draw();
  }

  /** A bar for each unit, up for positive values and down for negative ones. */
  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!this.#states || width === 0) return;
    const { values, steps } = this.#states;
    const units = values.length / steps;
    const now = values.subarray(this.#step * units, (this.#step + 1) * units);
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
    const context = this.#canvas.getContext("2d")!;
    context.scale(devicePixelRatio, devicePixelRatio);
    const [high, low] = [colour("heat-high"), colour("heat-low")];
    const gap = units > 100 ? 0 : 1;
    for (const [unit, value] of now.entries()) {
      context.fillStyle = value < 0 ? low : high;
      const length = ((height / 2) * Math.abs(value)) / this.#most;
      const x = (unit * width) / units;
      context.fillRect(x, value < 0 ? height / 2 : height / 2 - length, width / units - gap, length);
    }
    context.fillStyle = colour("soft");
    context.fillRect(0, height / 2 - 0.5, width, 1);
  }
}
