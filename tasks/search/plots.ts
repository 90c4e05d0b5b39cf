/** Pictures of a study as SVG: history, curves, parallel coordinates, importances and slices. */
import type { ParamValue } from "webgpu-lstm/search";
import { curve, dots, element, line, linearScale, logScale, type Scale, text } from "../svg/svg.ts";
import { type Axis, axes, counted, curves, history, type Plotted, parallels, slices } from "./plot-data.ts";
import {
  type Area,
  bestOf,
  counts,
  grid,
  nothing,
  type Palette,
  type Picture,
  short,
  shown,
  valueScale,
} from "./plot-parts.ts";

/** Each complete trial's value by its number, and the best so far. */
export function historyPlot(area: Area, picture: Picture, palette: Palette): string {
  const { values, best } = history(picture);
  const complete = counted(picture.trials);
  if (complete.length === 0) return nothing(area, palette);
  const { left, top, width, height } = area;
  const y = valueScale(
    complete.map(({ value }) => value),
    top + height,
    top,
  );
  const x = linearScale(0, Math.max(values.length - 1, 1), left + 8, left + width - 8);
  const finite = (value: number | null) => value !== null && Number.isFinite(value);
  const steps = best.flatMap((value, i) => {
    if (!finite(value)) return [];
    const before = best[i - 1] ?? null;
    return finite(before)
      ? [[x(i), y.at(before!)] as const, [x(i), y.at(value!)] as const]
      : [[x(i), y.at(value!)] as const];
  });
  const points = complete.map(({ trial, value }) => [x(trial.number), y.at(value)] as const);
  let out = grid(area, y, palette) + counts(area, x, values.length - 1, palette);
  out += curve(steps, { stroke: palette.best, "stroke-width": 1.8 });
  out += dots(points, 3, { fill: palette.trial, "fill-opacity": 0.75 });
  const defaults = complete.find(({ trial }) => trial.number === picture.defaults);
  if (defaults) {
    const at = y.at(defaults.value);
    out += line(left, at, left + width, at, { stroke: palette.defaults, "stroke-dasharray": "5 4" });
    out += text(left + width, at - 5, "defaults", { anchor: "end" }, { fill: palette.defaults });
  }
  return out;
}

/** What trials have reported, by step. A pruned trial's curve ends in a bar. */
export function curvesPlot(area: Area, { trials, direction }: Picture, palette: Palette): string {
  const all = curves(trials).map((drawn) => ({
    ...drawn,
    points: drawn.points.filter(([, v]) => Number.isFinite(v)),
  }));
  const values = all.flatMap(({ points }) => points.map(([, value]) => value));
  if (values.length === 0) return nothing(area, palette);
  const { left, top, width, height } = area;
  const steps = all.flatMap(({ points }) => points.map(([step]) => step));
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const y = valueScale(values, top + height, top);
  const x = linearScale(first, Math.max(last, first + 1), left + 8, left + width - 8);
  const best = bestOf(trials, direction);
  const lines = all.map(({ number, state, points }) => {
    const placed = points.map(([step, value]) => [x(step), y.at(value)] as const);
    const isBest = number === best;
    const stroke = isBest ? palette.best : state === "PRUNED" ? palette.pruned : palette.trial;
    const width = isBest ? 2.2 : 1.1;
    let drawn = curve(placed, { stroke, "stroke-width": width, "stroke-opacity": isBest ? 1 : 0.6 });
    const end = placed.at(-1);
    if (end && state === "PRUNED")
      drawn += line(end[0], end[1] - 4, end[0], end[1] + 4, { stroke, "stroke-width": 1.6 });
    if (end && placed.length === 1) drawn += dots([end], 1.8, { fill: stroke });
    return { isBest, drawn };
  });
  const ordered = [...lines].sort((a, b) => Number(a.isBest) - Number(b.isBest));
  return grid(area, y, palette) + counts(area, x, last, palette) + ordered.map(({ drawn }) => drawn).join("");
}

/** A line for each complete trial over the axes of its parameters and its value; the better, the darker. */
export function parallelPlot(area: Area, { trials, direction, defaults }: Picture, palette: Palette): string {
  const { axes, lines } = parallels(trials);
  if (lines.length === 0) return nothing(area, palette);
  const { left, top, width, height } = area;
  const bottom = top + height;
  const values = lines.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = low > 0 && high / low >= 4 ? logScale(low, high, 1, 0) : linearScale(low, high, 1, 0);
  const valueAt = (value: number) => (low === high ? 0.5 : 1 - y(value));
  const x = linearScale(0, axes.length, left, left + width);
  let out = "";
  for (const [i, axis] of axes.entries()) {
    out += line(x(i), top, x(i), bottom, { stroke: palette.soft });
    out += text(x(i), top - 12, axis.name, { anchor: "middle", bold: true }, { fill: palette.ink });
    out += ends(axis, (share) => [x(i), bottom - share * height], palette);
  }
  const end = x(axes.length);
  out += line(end, top, end, bottom, { stroke: palette.soft });
  out += text(end, top - 12, "value", { anchor: "middle", bold: true }, { fill: palette.ink });
  for (const [value, at] of [
    [low, bottom],
    [high, top],
  ] as const)
    out += text(end + 6, at + (at === top ? 10 : -2), short(value), {}, { fill: palette.soft });
  const sign = direction === "minimize" ? 1 : -1;
  const worstFirst = [...lines].sort((a, b) => sign * (b.value - a.value));
  for (const [rank, { number, value, params }] of worstFirst.entries()) {
    const isBest = rank === lines.length - 1;
    const share = direction === "minimize" ? valueAt(value) : 1 - valueAt(value);
    const stroke = isBest ? palette.best : number === defaults ? palette.defaults : palette.shade(share);
    // A line runs past the axes of parameters that its trial has not.
    const points = params.flatMap((param, i) =>
      param === undefined ? [] : [[x(i), bottom - axes[i]!.at(param) * height] as const],
    );
    points.push([end, bottom - valueAt(value) * height]);
    const marked = isBest || number === defaults;
    out += curve(points, {
      stroke,
      "stroke-width": marked ? 2.4 : 1.2,
      "stroke-opacity": marked ? 1 : 0.65,
      "stroke-dasharray": number === defaults && !isBest ? "6 4" : undefined,
      "stroke-linejoin": "round",
    });
  }
  return out;
}

/** The ends of an axis in words, or its choices. */
function ends(axis: Axis, at: (share: number) => readonly [x: number, y: number], { soft }: Palette): string {
  const all: readonly ParamValue[] = axis.choices ?? [...new Set([axis.low, axis.high])];
  return all
    .map((value, i) => {
      const [x, y] = at(axis.at(value));
      const shift = i === all.length - 1 ? 10 : i === 0 ? -2 : 4;
      return text(x + 5, y + shift, shown(value), { size: 11 }, { fill: soft });
    })
    .join("");
}

/** A bar for each parameter. */
export function importancePlot(area: Area, shares: ReadonlyMap<string, number>, palette: Palette): string {
  const { left, top, width } = area;
  const row = Math.min(30, area.height / Math.max(shares.size, 1));
  const label = 110;
  const scale = linearScale(0, 1, 0, width - label - 50);
  return [...shares]
    .map(([name, share], i) => {
      const y = top + i * row;
      const middle = y + row / 2 + 4;
      return (
        text(left + label - 8, middle, name, { anchor: "end" }, { fill: palette.ink }) +
        element("rect", {
          x: left + label,
          y: y + row * 0.15,
          width: Math.max(scale(share), 1),
          height: row * 0.7,
          fill: palette.trial,
        }) +
        text(
          left + label + scale(share) + 6,
          middle,
          `${Math.round(100 * share)}%`,
          {},
          { fill: palette.soft },
        )
      );
    })
    .join("");
}

/** The objective's value against each parameter, a small chart each. @param columns Charts in a row */
export function slicePlots(
  area: Area,
  { trials, direction, defaults }: Picture,
  palette: Palette,
  columns = 3,
): string {
  const all = slices(trials);
  if (all.length === 0) return nothing(area, palette);
  const rows = Math.ceil(all.length / columns);
  const [cellWidth, cellHeight] = [area.width / columns, area.height / rows];
  const y0 = valueScale(
    all.flatMap(({ points }) => points.map(({ y }) => y)),
    1,
    0,
  );
  const best = bestOf(trials, direction);
  return all
    .map(({ axis, points }, i) => {
      const left = area.left + (i % columns) * cellWidth;
      const top = area.top + Math.floor(i / columns) * cellHeight + 20;
      const cell = { left, top, width: cellWidth - 60, height: cellHeight - 74 };
      const bottom = top + cell.height;
      const at: Scale = (value) => top + y0.at(value) * cell.height;
      const x = (value: ParamValue) => left + 10 + axis.at(value) * (cell.width - 20);
      let out = grid(cell, { at, ticks: y0.ticks }, palette);
      out += text(
        left,
        top - 8,
        axis.log ? `${axis.name} (log)` : axis.name,
        { bold: true },
        { fill: palette.ink },
      );
      for (const value of axis.choices ?? [axis.low, axis.high])
        out += text(
          x(value),
          bottom + 17,
          shown(value),
          { anchor: "middle", size: 11 },
          { fill: palette.soft },
        );
      const place = (some: typeof points) => some.map((point) => [x(point.x), at(point.y)] as const);
      const marked = (number: number) => points.filter((point) => point.number === number);
      const plain = points.filter(({ number }) => number !== best && number !== defaults);
      out += dots(place(plain), 2.6, { fill: palette.trial, "fill-opacity": 0.6 });
      out += dots(place(marked(defaults)), 4, { fill: palette.defaults });
      return out + dots(place(marked(best)), 4, { fill: palette.best });
    })
    .join("");
}

/** How many parameters the slices of a study have. */
export function parametersOf(trials: Plotted["trials"]): number {
  return axes(counted(trials).map(({ trial }) => trial)).length;
}
