/** All units side by side in the colours of their shades; one is chosen, by pointer or keyboard. */
import { colour } from "../../shell/chart.ts";
import { count, decimals } from "../../shell/format.ts";
import { THEME_CHANGE } from "../../shell/theme.ts";
import { shadeOf, type Thought } from "../model/signals.ts";

/** How far each key moves. */
const MOVES: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** The least width of a unit in px; more units take more rows. */
const LEAST_WIDTH = 5;

export class UnitStrip {
  /** Called when the visitor has chosen another unit. */
  onChoose: (unit: number) => void = () => {};
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #units = 1;
  #unit = 0;
  #shown: { readonly thought: Thought; readonly at: number } | undefined;
  #colours = { low: "", high: "", zero: "", ink: "" };

  /** @param canvas Has the role of a slider. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    canvas.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (move === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#choose(this.#unit + move);
    });
    const point = (event: PointerEvent) => this.#choose(this.#unitAt(event));
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      point(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) point(event);
    });
    new ResizeObserver(() => this.#fit()).observe(canvas);
    document.addEventListener(THEME_CHANGE, () => this.#readColours());
    this.#readColours();
  }

  get unit(): number {
    return this.#unit;
  }

  /** Shows the units after a character. */
  show(thought: Thought, at: number): void {
    this.#shown = { thought, at };
    if (thought.units !== this.#units) {
      this.#units = thought.units;
      this.#canvas.setAttribute("aria-valuemax", String(thought.units));
    }
    // An address may name a unit that this model lacks.
    this.#unit = Math.min(this.#unit, this.#units - 1);
    this.#draw();
  }

  /** Chooses a unit without telling. */
  set unit(unit: number) {
    this.#unit = Math.max(0, unit);
    this.#draw();
  }

  /** The value that a screen reader speaks; the page sets it when the unit or the text changes, not with every character. */
  settle(): void {
    const canvas = this.#canvas;
    canvas.setAttribute("aria-valuenow", String(this.#unit + 1));
    const { thought, at } = this.#shown ?? {};
    const value = thought ? `, ${decimals(shadeOf(thought, at!, this.#unit), 2)}` : "";
    canvas.setAttribute("aria-valuetext", `Unit ${this.#unit + 1} of ${count(this.#units)}${value}`);
  }

  #choose(unit: number): void {
    if (!this.#shown) return;
    const chosen = Math.min(this.#units - 1, Math.max(0, unit));
    if (chosen === this.#unit) return;
    this.#unit = chosen;
    this.settle();
    this.#draw();
    this.onChoose(chosen);
  }

  get #columns(): number {
    const most = Math.max(1, Math.floor(this.#canvas.clientWidth / LEAST_WIDTH));
    return Math.ceil(this.#units / Math.ceil(this.#units / most));
  }

  #unitAt({ offsetX, offsetY }: PointerEvent): number {
    const { clientWidth, clientHeight } = this.#canvas;
    const columns = this.#columns;
    const rows = Math.ceil(this.#units / columns);
    const share = (offset: number, of: number, parts: number) =>
      Math.min(parts - 1, Math.max(0, Math.floor((offset / of) * parts)));
    return share(offsetY, clientHeight, rows) * columns + share(offsetX, clientWidth, columns);
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0) return; // a hidden view
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.#draw();
  }

  #readColours(): void {
    this.#colours = {
      low: colour("heat-low"),
      high: colour("heat-high"),
      zero: colour("heat-zero"),
      ink: colour("ink"),
    };
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    const columns = this.#columns;
    const rows = Math.ceil(this.#units / columns);
    const [cellWidth, cellHeight] = [width / columns, height / rows];
    context.globalAlpha = 1;
    context.fillStyle = this.#colours.zero;
    context.fillRect(0, 0, width, height);
    const place = (unit: number): [number, number] => [
      Math.round((unit % columns) * cellWidth),
      Math.round(Math.floor(unit / columns) * cellHeight),
    ];
    if (this.#shown) {
      const { thought, at } = this.#shown;
      for (let unit = 0; unit < this.#units; unit++) {
        const shade = shadeOf(thought, at, unit);
        context.globalAlpha = Math.min(1, Math.abs(shade));
        context.fillStyle = shade < 0 ? this.#colours.low : this.#colours.high;
        context.fillRect(...place(unit), Math.ceil(cellWidth), Math.ceil(cellHeight));
      }
    }
    context.globalAlpha = 1;
    context.strokeStyle = this.#colours.ink;
    context.lineWidth = 2 * devicePixelRatio;
    const [x, y] = place(this.#unit);
    const inset = devicePixelRatio;
    context.strokeRect(x + inset, y + inset, cellWidth - 2 * inset, cellHeight - 2 * inset);
  }
}
