/** The pictures and tables of a search. */
import { type FrozenTrial, importances, type Study } from "webgpu-lstm/search";
import { counted, type Plotted } from "../../tasks/search/plot-data.ts";
import { type Area, bestOf, type Palette, type Picture, shown } from "../../tasks/search/plot-parts.ts";
import { curvesPlot, historyPlot, importancePlot, parallelPlot } from "../../tasks/search/plots.ts";
import { element as svgElement } from "../../tasks/svg/svg.ts";
import { byId, setText, table } from "../shell/dom.ts";

/** The page's custom properties: they follow the theme. */
const PALETTE: Palette = {
  ink: "var(--ink)",
  soft: "var(--soft)",
  grid: "var(--line)",
  trial: "var(--model)",
  best: "var(--validation)",
  defaults: "var(--good)",
  pruned: "var(--measured)",
  shade: (share) => `color-mix(in oklab, var(--line) ${Math.round(85 * share)}%, var(--model))`,
};

/** Validation loss as it is shown. */
const loss = (value: number): string => value.toPrecision(4);

/** A chart as wide as its container. */
function draw(
  id: string,
  height: number,
  margins: readonly [left: number, top: number, right: number, bottom: number],
  plot: (area: Area) => string,
): void {
  const container = byId(id);
  const width = container.clientWidth;
  // Hidden with its view.
  if (width === 0) return;
  const [left, top, right, bottom] = margins;
  const area = { left, top, width: width - left - right, height: height - top - bottom };
  container.innerHTML = svgElement(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, "font-size": 12, "aria-hidden": "true" },
    plot(area) || " ",
  );
}

export class TuneDisplay {
  /** The number of the latest drawing. */
  #drawings = 0;

  /** Draws a study as it is, one picture a frame. */
  draw(study: Study | undefined, trials: readonly FrozenTrial[], defaults: number): void {
    const picture: Picture = { direction: "minimize", trials, defaults };
    const parts = [
      () => this.#words(picture),
      () => byId("tune-parallel").classList.toggle("empty", counted(trials).length === 0),
      () => draw("tune-parallel", 260, [40, 34, 60, 14], (area) => parallelPlot(area, picture, PALETTE)),
      () => draw("tune-curves", 230, [48, 12, 12, 28], (area) => curvesPlot(area, picture, PALETTE)),
      () => draw("tune-history", 230, [48, 12, 12, 28], (area) => historyPlot(area, picture, PALETTE)),
      () => this.#importance(study, trials),
    ];
    const drawing = ++this.#drawings;
    const next = (part: number) => {
      // A newer drawing has begun.
      if (drawing !== this.#drawings || part === parts.length) return;
      parts[part]!();
      requestAnimationFrame(() => next(part + 1));
    };
    next(0);
  }

  #importance(study: Study | undefined, trials: readonly FrozenTrial[]): void {
    const shares = study && counted(trials).length > 1 ? importances(study) : new Map<string, number>();
    draw("tune-importance", 190, [0, 8, 0, 8], (area) => importancePlot(area, shares, PALETTE));
    const words = [...shares].map(([name, share]) => `${name} ${Math.round(100 * share)} %`);
    setText(
      byId("tune-importance-summary"),
      words.join(", ") || (trials.length > 0 ? "Takes two complete trials." : "No trial yet."),
    );
  }

  #words(picture: Picture): void {
    this.#summary(picture);
    this.#table(picture);
  }

  #summary({ trials }: Plotted): void {
    const of = (state: FrozenTrial["state"]) => trials.filter((trial) => trial.state === state).length;
    const [complete, pruned, failed] = [of("COMPLETE"), of("PRUNED"), of("FAIL")];
    const best = bestOf(trials, "minimize");
    const words = `${complete} complete, ${pruned} pruned, ${failed} failed.`;
    const end = best < 0 ? "" : ` The best is trial ${best}, validation loss ${loss(trials[best]!.value!)}.`;
    setText(byId("tune-summary"), trials.length === 0 ? "No trial yet." : `${words}${end}`);
    setText(byId("tune-done"), String(complete + pruned + failed));
    setText(byId("tune-pruned"), String(pruned));
  }

  #table({ trials, defaults }: Picture): void {
    const best = trials[bestOf(trials, "minimize")];
    const shipped = trials[defaults];
    const value = (trial: FrozenTrial | undefined) => (trial ? loss(trial.value!) : "–");
    setText(byId("tune-best"), value(best));
    setText(byId("tune-default"), value(shipped));
    byId("tune-table").replaceChildren();
    if (!best) {
      setText(byId("tune-verdict"), "No trial is complete yet.");
      return;
    }
    const names = Object.keys(best.params).sort();
    const of = (trial: FrozenTrial | undefined, name: string) =>
      trial && name in trial.params ? shown(trial.params[name]!) : "–";
    const rows = names.map((name) => [name, of(best, name), of(shipped, name)]);
    byId("tune-table").append(
      table(
        "Settings",
        "Settings, and the least validation loss that they reached",
        [
          { title: "setting" },
          { title: `trial ${best.number}`, numeric: true },
          { title: "defaults", numeric: true },
        ],
        [...rows, ["validation loss", value(best), value(shipped)]],
      ),
    );
    const verdict =
      best === shipped || !shipped
        ? "Nothing better than the defaults so far."
        : `Validation loss ${loss(best.value!)} against ${loss(shipped.value!)} of the defaults: ${Math.abs(100 * (1 - best.value! / shipped.value!)).toFixed(1)} % less.`;
    setText(byId("tune-verdict"), verdict);
  }
}
