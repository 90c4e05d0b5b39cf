/** Draws the current state of a session. */
import { partsOf, setText, table } from "../../shell/dom.ts";
import { brief, count, decimals } from "../../shell/format.ts";
import { clearFigures, figureList, type StatusLines } from "../../shell/status-lines.ts";
import { timeLeft } from "../../training/estimate.ts";
import type { Phase, Session } from "../session.ts";
import { AnomalyCard } from "./anomaly-card.ts";
import { SignalChart } from "./charts.ts";
import { type LatencyCard, milliseconds } from "./latency-card.ts";

export const part = partsOf("stream");

const FIGURES = [
  { name: "stream-steps", label: "Steps", initial: "0" },
  { name: "stream-speed", label: "Steps per second" },
  { name: "stream-value", label: "Measured" },
  { name: "stream-predicted", label: "Predicted next" },
] as const;

/** The view's main button in each phase. */
const TOGGLE: Record<Phase, string> = {
  opening: "Pause",
  calibrating: "Pause",
  learning: "Pause",
  watching: "Pause",
  paused: "Resume",
  stopped: "Start",
  failed: "Start",
};

/** Minimum time in ms between two drawings of the times, since nobody reads faster. */
const TIMES_INTERVAL = 500;

/** Minimum time in ms between two drawings of the signal. */
const SIGNAL_INTERVAL = 30;

export class StreamDisplay {
  readonly signal = new SignalChart(part("signal-chart"));
  readonly #anomalies = new AnomalyCard();
  readonly #lines: StatusLines;
  readonly #latency: LatencyCard;
  #timesDrawn = Number.NEGATIVE_INFINITY;
  #signalDrawn = Number.NEGATIVE_INFINITY;

  constructor(lines: StatusLines, latency: LatencyCard) {
    this.#lines = lines;
    this.#latency = latency;
    part("figures").append(figureList(FIGURES));
  }

  /** Shows nothing: another signal has been chosen. */
  clear(): void {
    clearFigures(FIGURES);
    part("costs").replaceChildren();
    this.#anomalies.clear();
    setText(part("model-note"), "");
    setText(part("toggle"), "Start");
    part<HTMLButtonElement>("toggle").disabled = false;
    for (const name of ["stop", "reset", "disturb"]) part<HTMLButtonElement>(name).disabled = true;
    this.signal.clear();
    this.#latency.clear();
  }

  draw(session: Session): void {
    const { phase, watch, detector } = session;
    const underWay = phase !== "stopped" && phase !== "failed";
    const running = phase === "watching" || phase === "paused";
    setText(part("toggle"), TOGGLE[phase]);
    part<HTMLButtonElement>("toggle").disabled = underWay && !running;
    part<HTMLButtonElement>("stop").disabled = !underWay;
    part<HTMLButtonElement>("reset").disabled = !running;
    part<HTMLButtonElement>("disturb").disabled = phase !== "watching";
    const { secondsLeft } = session;
    this.#lines.draw(
      statusOf(session),
      running ? 1 : underWay ? session.done : 0,
      underWay && secondsLeft !== undefined ? countdown(phase, secondsLeft) : "",
    );
    setText(part("model-note"), originOf(session));
    if (!watch || !detector) return;
    const { unit } = session.source!;
    const { points, predicted } = watch;
    setText(part("steps"), count(watch.steps));
    const speed = phase === "watching" ? watch.stepsPerSecond : undefined;
    setText(part("speed"), speed === undefined ? "–" : decimals(speed, 1));
    const latest = points.at(-1);
    setText(part("value"), latest?.value == null ? "–" : `${fixed(latest.value)}${unit}`);
    setText(part("predicted"), predicted === null ? "–" : `${fixed(predicted)}${unit}`);
    this.#anomalies.draw(session);
    const now = performance.now();
    // Draws only one chart in a frame while it runs, so that no frame takes long.
    if (phase !== "watching") {
      this.signal.draw(watch, detector.normal.center, detector.threshold);
      this.#drawLatency(session);
    } else if (now - this.#timesDrawn > TIMES_INTERVAL) {
      this.#timesDrawn = now;
      this.#drawLatency(session);
    } else if (now - this.#signalDrawn > SIGNAL_INTERVAL) {
      this.#signalDrawn = now;
      this.signal.draw(watch, detector.normal.center, detector.threshold);
    }
  }

  #drawLatency({ watch, medians, streams }: Session): void {
    const { inWorker, roundTrip, leftOut } = watch!;
    this.#latency.draw(
      inWorker,
      roundTrip,
      leftOut > 0 ? `${count(leftOut)} values were left out: answers took longer than values come.` : "",
    );
    drawCosts(medians, streams);
  }
}

/** Shows the cost of a step for each number of streams that was tried. */
function drawCosts(medians: ReadonlyMap<number, number>, now: number): void {
  const rows = [...medians]
    .sort(([a], [b]) => a - b)
    .map(([streams, ms]) => [
      streams === now ? `${count(streams)} (now)` : count(streams),
      milliseconds(ms),
      brief((1000 * ms) / streams),
    ]);
  const columns = [
    { title: "Streams" },
    { title: "ms a step", numeric: true },
    { title: "µs a stream", numeric: true },
  ];
  part("costs").replaceChildren(
    ...(rows.length > 0
      ? [
          table(
            "Cost by number of streams",
            "Median step in the worker, by number of streams:",
            columns,
            rows,
          ),
        ]
      : []),
  );
}

function statusOf({ phase, epoch, epochs, settings, watch }: Session): string {
  const what = { sensor: "the sensor", microphone: "the microphone", motion: "the motion" }[settings.kind];
  const texts: Record<Phase, string> = {
    opening: settings.kind === "sensor" ? "Looking for a GPU…" : `Asking for ${what}…`,
    calibrating: "Recording what is normal: keep it so.",
    learning: `Learning what is normal, ${epochs} epochs…`,
    watching: `Watching ${what}.`,
    paused: "Paused.",
    stopped: watch
      ? "Stopped, and the GPU is free."
      : epoch > 0
        ? "Stopped before it had learned."
        : "Stopped.",
    failed: "Stopped.",
  };
  return texts[phase];
}

/** Where the model in use comes from. */
function originOf({ learned }: Session): string {
  if (!learned) return "";
  return learned.shipped
    ? "The model came with this page, trained by the same code."
    : "The model was taught in this page.";
}

function countdown(phase: Phase, seconds: number): string {
  return phase === "calibrating" ? `${Math.ceil(seconds)} s to go` : timeLeft(seconds);
}

function fixed(value: number): string {
  return decimals(value, 2);
}
