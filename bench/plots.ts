import { decades, logScale } from "../tasks/svg/svg.ts";
import type { Figures } from "./figures.ts";
import { digits } from "./markdown.ts";
import { axes, type SweepPoint } from "./sweep.ts";
import { bar, caption, picture, rule, type Tone, trend } from "./theme.ts";

const WIDTH = 760;

/** A bar for each contestant at each workload, on a logarithmic axis of milliseconds: shorter is faster. */
export function stepPlot(figures: readonly Figures[]): string {
  const workloads = [...new Set(figures.map(({ workload }) => workload))];
  const times = figures.map(({ stepMs }) => stepMs.median);
  const ticks = decades(Math.min(...times) * 0.8, Math.max(...times));
  const [left, right, row, gap] = [230, WIDTH - 70, 17, 26];
  const x = logScale(ticks[0]!, ticks.at(-1)!, left, right);
  let y = 58;
  let bars = "";
  for (const workload of workloads) {
    const rows = figures
      .filter((figure) => figure.workload === workload)
      .sort((a, b) => a.stepMs.median - b.stepMs.median);
    bars += caption(16, y + 12, workload, { tone: "ink", bold: true, size: 13 });
    bars += rule(16, y + 18, right, y + 18, "grid");
    y += row + 4;
    for (const { contestant, place, stepMs } of rows) {
      const own = contestant === "webgpu-lstm";
      const tone: Tone = own ? (place.startsWith("Node") ? "second" : "ours") : "peer";
      const end = x(stepMs.median);
      bars += caption(left - 8, y + 12, own ? `${contestant}, ${place}` : contestant, {
        tone: own ? "ink" : "soft",
        anchor: "end",
        bold: own,
      });
      bars += bar(left, y + 2, Math.max(end - left, 1), row - 5, tone);
      bars += caption(end + 6, y + 12, digits(stepMs.median), { tone: own ? "ink" : "soft", size: 11 });
      y += row;
    }
    y += gap;
  }
  const bottom = y - gap + 6;
  const grid = ticks
    .map((tick) => {
      const at = x(tick);
      return rule(at, 50, at, bottom, "grid") + caption(at, bottom + 16, label(tick), { anchor: "middle" });
    })
    .join("");
  const title = "Milliseconds a step, medians of one run; shorter is faster";
  const head = caption(16, 26, title, { tone: "ink", bold: true, size: 15 });
  const axis = caption((left + right) / 2, bottom + 34, "ms, logarithmic", { anchor: "middle" });
  return picture(WIDTH, bottom + 46, title, head + grid + bars + axis);
}

/** A panel for each sweep, with logarithmic axes and a line of proportional cost through the last point. */
export function sweepPlot(points: readonly SweepPoint[]): string {
  const own = points.filter(({ contestant }) => contestant === "webgpu-lstm");
  const peers = points.filter(({ contestant }) => contestant !== "webgpu-lstm");
  const times = points.map(({ ms }) => ms);
  const ticks = decades(Math.min(...times), Math.max(...times));
  const [top, height, width, gap] = [90, 240, 190, 56];
  const y = logScale(ticks[0]!, ticks.at(-1)!, top + height, top);
  let body = "";
  for (const [i, { name, sizes, per }] of axes.entries()) {
    const left = 56 + i * (width + gap);
    const x = logScale(sizes[0]!, sizes.at(-1)!, left, left + width);
    for (const tick of ticks) {
      body += rule(left, y(tick), left + width, y(tick), "grid");
      body += caption(left - 8, y(tick) + 4, label(tick), { anchor: "end" });
    }
    for (const [k, size] of sizes.entries()) {
      if (k % 2 === (sizes.length - 1) % 2) {
        body += caption(x(size), top + height + 18, `${size}`, { anchor: "middle" });
      }
    }
    body += rule(left, top + height, left + width, top + height, "axis");
    const power = name === "H" ? "H²" : name;
    body += caption(left, top - 14, `ms by ${name}; dashed: proportional to ${power}`, {
      tone: "ink",
      size: 11,
    });
    const at = (from: readonly SweepPoint[]) =>
      from.filter(({ axis }) => axis === name).map(({ size, ms }) => [x(size), y(ms)] as const);
    const last = own.filter(({ axis }) => axis === name).at(-1);
    if (!last) continue;
    const ideal = sizes
      .map((size) => [size, (last.ms * per(size)) / per(last.size)] as const)
      .filter(([, ms]) => ms >= ticks[0]!);
    const [[from, low], [to, high]] = [ideal[0]!, ideal.at(-1)!];
    body += rule(x(from), y(low), x(to), y(high), "ideal");
    body += trend(at(peers), "peer") + trend(at(own), "ours");
  }
  const title = "A training step as one size grows";
  const legend =
    bar(16, 40, 14, 8, "ours") +
    caption(36, 48, "webgpu-lstm", { tone: "ink" }) +
    (peers.length > 0 ? bar(124, 40, 14, 8, "peer") + caption(144, 48, peers[0]!.contestant) : "");
  const head = caption(16, 26, title, { tone: "ink", bold: true, size: 15 });
  return picture(WIDTH, top + height + 34, title, head + legend + body);
}

const label = (tick: number) => (tick >= 1000 ? `${tick / 1000}k` : `${Number(tick.toPrecision(1))}`);
