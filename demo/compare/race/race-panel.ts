/** The card of the race: its buttons, the two curves, and what came of it. */
import type { Card } from "../../shell/card.ts";
import { bindCard } from "../../shell/card-dialog.ts";
import { copyLink } from "../../shell/copy.ts";
import { partsOf, setText, table } from "../../shell/dom.ts";
import { brief, short } from "../../shell/format.ts";
import { StatusLines } from "../../shell/status-lines.ts";
import { Throttle } from "../../shell/throttle.ts";
import type { Frame } from "../../shell/view.ts";
import { type Library, NAMES } from "../protocol.ts";
import { ratio } from "../ratio.ts";
import type { Choice } from "../workloads.ts";
import { Race, RUNS } from "./race.ts";
import { RaceChart } from "./race-chart.ts";
import { type Curve, outcomeOf, speedOf, spreadOf } from "./race-result.ts";
import { RACE_COLUMNS, raceAbout, raceRows, verdictOf } from "./race-words.ts";

const part = partsOf("race");

/** Least time between two drawings of the curves, in ms. */
const INTERVAL = 200;

export class RacePanel {
  readonly #frame: Frame;
  readonly #lines = new StatusLines(part("lines"), "Progress of the race", "race-");
  readonly #onDraw: (race: Race) => void;
  #chart: RaceChart | undefined;
  #race: Race | undefined;
  readonly #drawing = new Throttle(INTERVAL, () => this.#draw(this.#race!));
  /** What the table shows. */
  #tabled: { readonly race: Race; readonly runs: number } | undefined;

  /** @param onDraw Called after each drawing */
  constructor(frame: Frame, onDraw: (race: Race) => void) {
    this.#frame = frame;
    this.#onDraw = onDraw;
    part("stop").addEventListener("click", () => this.stop());
    part("link").addEventListener("click", () => void this.#copyLink());
    bindCard(
      part("card"),
      () => this.#card(),
      (error) => {
        this.#lines.status = `The card was not made: ${(error as Error).message}`;
      },
    );
    this.#lines.status = `${RUNS} runs; TensorFlow.js is fetched first.`;
  }

  get race(): Race | undefined {
    return this.#race;
  }

  get isRunning(): boolean {
    return this.#race?.phase === "warming" || this.#race?.phase === "racing";
  }

  start(choice: Choice, peers: readonly Library[], seconds: number): void {
    part("results").hidden = false;
    this.#chart?.clear();
    this.#chart ??= new RaceChart(part("chart"));
    this.#race = new Race(choice, peers, seconds, () => this.#drawing.request());
    this.#drawing.request();
  }

  stop(): void {
    this.#race?.cancel();
  }

  /** Draws one part a frame, so that none is held up. */
  #draw(race: Race): void {
    const parts = [
      () => {
        this.#lines.draw(statusOf(race), race.done, "");
        part<HTMLButtonElement>("stop").disabled = !this.isRunning;
        if (race.runs.length > 0) this.#chart!.draw(race.runs, race.seconds);
      },
      () => this.#drawVerdict(race),
      () => this.#drawTable(race),
      () => this.#onDraw(race),
    ];
    const next = () => {
      parts.shift()!();
      if (parts.length > 0) requestAnimationFrame(next);
    };
    next();
  }

  #drawVerdict(race: Race): void {
    const verdict = verdictOf(race);
    setText(part("verdict"), verdict);
    for (const name of ["link", "card"])
      part<HTMLButtonElement>(name).disabled = verdict === "" || this.isRunning;
  }

  /** Drawn once after each run: the table does not change in between. */
  #drawTable(race: Race): void {
    const runs = race.finished.length;
    if (this.#tabled?.race === race && this.#tabled.runs === runs) return;
    this.#tabled = { race, runs };
    part("table").replaceChildren(
      ...(runs > 0 ? [table("Race", raceAbout(race), RACE_COLUMNS, raceRows(race))] : []),
    );
  }

  async #copyLink(): Promise<void> {
    this.#lines.status = await copyLink(this.#frame.url);
  }

  async #card(): Promise<Card> {
    const race = this.#race!;
    const { ratio: times } = outcomeOf(race.finished)!;
    const [ours, theirs] = [NAMES["webgpu-lstm"], NAMES[race.peer!]];
    const [slower, value] = times.median >= 1 ? [theirs, times.median] : [ours, 1 / times.median];
    const both = (of: (curve: Curve) => number, text: (value: number) => string) =>
      (["ours", "theirs"] as const)
        .map((side) => text(spreadOf(race.finished.map((run) => of(run[side]))).median))
        .join(" · ");
    return {
      title: `A race with ${theirs}`,
      picture: await this.#chart!.cardPicture(),
      figures: [
        { label: `times as fast as ${slower}`, value: ratio(value) },
        { label: "steps a second, ours · theirs", value: both(speedOf, brief) },
        { label: "loss at the end, ours · theirs", value: both(({ losses }) => losses.at(-1)!, brief) },
      ],
      adapter: race.adapter!.name,
      url: this.#frame.url,
    };
  }
}

function statusOf({ phase, peer, runs, adapter }: Race): string {
  if (phase === "warming") {
    return adapter
      ? `${NAMES[peer ?? "webgpu-lstm"]}: loading, compiling and warming up…`
      : `${NAMES["webgpu-lstm"]}: compiling and warming up…`;
  }
  if (phase === "racing") {
    const latest = runs.at(-1)!;
    const [ours, theirs] = [latest.ours.losses.at(-1), latest.theirs.losses.at(-1)];
    const losses =
      ours !== undefined && theirs !== undefined ? `: loss ${short(ours)} and ${short(theirs)}` : "";
    return `Run ${runs.length} of ${RUNS}${losses}.`;
  }
  return { done: "The race is over.", cancelled: "Stopped; runs that were over stay.", failed: "Stopped." }[
    phase
  ];
}
