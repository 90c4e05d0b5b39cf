/** The Tune view: a search for the settings of a forecast, in workers, kept in the browser. */
import { StorageUnavailableError, WebGpuUnavailableError } from "webgpu-lstm";
import { type FrozenTrial, MemoryJournal, type StoredJournal } from "webgpu-lstm/search";
import { loadSeries } from "../../tasks/series/index.ts";
import { BUILT_IN, type BuiltIn } from "../../tasks/series/series.ts";
import type { LinkSettings } from "../shell/address.ts";
import { byId, element, scrolling } from "../shell/dom.ts";
import { download } from "../shell/download.ts";
import { counted } from "../shell/format.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice } from "../shell/notice.ts";
import { figureList, StatusLines } from "../shell/status-lines.ts";
import { Throttle } from "../shell/throttle.ts";
import type { Frame, View } from "../shell/view.ts";
import { BestActions } from "./best-actions.ts";
import { TuneControls } from "./controls.ts";
import { TuneDisplay } from "./display.ts";
import { choicesOfLink, linkOf } from "./link.ts";
import { openStudies, TuneSearch } from "./search.ts";
import { Seats } from "./seat.ts";
import html from "./tune.html?raw";
import "./tune.css";

const FIGURES = [
  { name: "tune-done", label: "Trials", initial: "0" },
  { name: "tune-pruned", label: "Pruned", initial: "0" },
  { name: "tune-best", label: "Best validation loss" },
  { name: "tune-default", label: "Defaults" },
];

/** Least milliseconds between two drawings. */
const INTERVAL = 300;

export function mount(root: HTMLElement, gpu: Gpu, frame: Frame): View {
  root.innerHTML = html;
  return new TuneView(gpu, frame);
}

class TuneView implements View {
  readonly #gpu: Gpu;
  readonly #frame: Frame;
  readonly #notice = byId("tune-notice");
  readonly #controls = new TuneControls();
  readonly #display = new TuneDisplay();
  readonly #lines = new StatusLines(byId("tune-lines"), "Trials that have ended", "tune-");
  readonly #seats = new Seats();
  readonly #best: BestActions;
  #journal: Promise<StoredJournal | MemoryJournal> | undefined;
  #search: TuneSearch | undefined;
  /** The number of the latest choice of a study. */
  #choices = 0;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Trials that this run began with, and those that it has. */
  #from = 0;
  #wanted = 0;
  /** The series that is being loaded, as the latest call of {@link #choose}. */
  #choosing: object | undefined;
  #unusable = false;
  #busy = false;
  readonly #drawing = new Throttle(INTERVAL, () => this.#draw());

  constructor(gpu: Gpu, frame: Frame) {
    this.#gpu = gpu;
    this.#frame = frame;
    byId("tune-lines").append(figureList(FIGURES));
    const parallel = element("div", {
      id: "tune-parallel",
      class: "chart",
      role: "img",
      "aria-labelledby": "tune-parallel-title",
      "aria-describedby": "tune-summary",
    });
    byId("tune-wide").append(scrolling("Parallel coordinates", parallel));
    const on = (id: string, act: () => unknown) =>
      byId(id).addEventListener(
        "click",
        () => void Promise.resolve(act()).catch((error) => this.#fail(error)),
      );
    on("tune-start", () => this.#start());
    on("tune-stop", () => this.#stop?.abort());
    on("tune-save-study", () => this.#saveStudy());
    on("tune-delete", () => this.#delete());
    this.#best = new BestActions({
      frame,
      search: () => this.#search!,
      busyWith: (work) => this.#busyWith(work),
      onError: (error) => this.#fail(error),
    });
    this.#controls.onSeries = (id) => void this.#choose(id).catch((error) => this.#fail(error));
    this.#controls.onChange = () => void this.#renew().catch((error) => this.#fail(error));
    new ResizeObserver(() => this.#drawing.request()).observe(byId("tune-parallel"));
  }

  enter(): void {
    if (!("gpu" in navigator)) {
      this.#gpu.describe("none");
      this.#fail(new WebGpuUnavailableError("there is no WebGPU"));
    } else void this.#prepare();
    if (!this.#search && !this.#choosing) void this.#choose(BUILT_IN[0]).catch((error) => this.#fail(error));
  }

  /** Ends a search that is under way: its study is kept. */
  async restore(link: LinkSettings): Promise<void> {
    this.#stop?.abort();
    await this.#choose(link.choice("series", BUILT_IN) ?? BUILT_IN[0], link).catch((error) =>
      this.#fail(error),
    );
  }

  /** Ends the run: trials under way are queued again, and Start goes on with them. */
  async leave(): Promise<string | undefined> {
    const isRunning = this.#stop !== undefined;
    this.#stop?.abort();
    await this.#running;
    this.#seats.close();
    return isRunning ? "stopped" : undefined;
  }

  /** Starts a worker early: it shows whether there is a GPU. */
  async #prepare(): Promise<void> {
    try {
      const adapter = await this.#seats.open();
      this.#gpu.describe(adapter);
      // A software adapter is a processor that is busy already.
      if (!this.#stop && !adapter.includes("(software)")) this.#controls.jobs = 2;
    } catch (error) {
      this.#fail(error);
    }
  }

  async #choose(id: BuiltIn, link?: LinkSettings): Promise<void> {
    const latest = {};
    this.#choosing = latest;
    try {
      const series = await loadSeries(id);
      await this.#running;
      if (this.#choosing === latest) this.#controls.show(series, link && choicesOfLink(link, series));
    } finally {
      if (this.#choosing === latest) this.#choosing = undefined;
    }
  }

  /** Opens the study of the chosen task and ranges. */
  async #renew(): Promise<void> {
    const choice = ++this.#choices;
    this.#journal ??= openStudies().catch((error: unknown) => {
      // Some private windows have no storage: then the study lasts as long as the page.
      if (error instanceof StorageUnavailableError) return new MemoryJournal();
      throw error;
    });
    const { task, space, choices } = this.#controls;
    this.#frame.keep(linkOf(task.series, choices));
    const search = new TuneSearch(task, space, await this.#journal, this.#seats);
    await search.load();
    if (choice !== this.#choices) return;
    this.#search = search;
    this.#best.clear();
    this.#status();
    this.#drawing.request();
  }

  async #start(): Promise<void> {
    const search = this.#search!;
    const { jobs, choices } = this.#controls;
    const { trials } = choices;
    const stop = new AbortController();
    this.#stop = stop;
    this.#from = ended(search.trials);
    this.#wanted = trials;
    showNotice(this.#notice, undefined);
    this.#best.clear();
    this.#controls.locked = true;
    this.#status();
    this.#running = search
      .run(trials, jobs, stop.signal, () => this.#drawing.request())
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#fail(error);
      })
      .finally(() => {
        this.#stop = undefined;
        this.#controls.locked = false;
        this.#reportFailures(search);
        this.#status();
        this.#drawing.request();
      });
    await this.#running;
  }

  /** Says why trials failed, if all of a run did. */
  #reportFailures(search: TuneSearch): void {
    const last = search.trials.filter(({ state }) => state !== "WAITING").slice(-this.#wanted);
    const failed = last.filter(({ state, reason }) => state === "FAIL" && !reason?.startsWith("interrupted"));
    if (failed.length > 0 && failed.length === last.length)
      this.#fail(new Error(failed.at(-1)!.reason ?? "every trial failed"));
  }

  #draw(): void {
    const search = this.#search;
    if (!search) return;
    const { trials } = search;
    this.#status(trials);
    this.#display.draw(search.study, trials, search.defaultsOf(trials));
  }

  #status(trials = this.#search?.trials ?? []): void {
    const search = this.#search;
    const running = this.#stop !== undefined;
    const have = ended(trials);
    const done = running ? (have - this.#from) / this.#wanted : 0;
    const words = running
      ? `Trial ${Math.min(have - this.#from + 1, this.#wanted)} of ${this.#wanted}.`
      : have > 0
        ? `${counted(have, "trial")} so far; Start goes on with this study.`
        : "Ready.";
    this.#lines.draw(this.#busy ? "Training the model again…" : words, Math.min(done, 1), "");
    const idle = !running && !this.#busy;
    const enable = (id: string, can: boolean) => {
      byId<HTMLButtonElement>(id).disabled = !can;
    };
    enable("tune-start", idle && search !== undefined && !this.#unusable);
    enable("tune-stop", running);
    this.#best.enable(search, idle, !this.#unusable);
    enable("tune-save-study", have > 0);
    enable("tune-delete", idle && have > 0);
  }

  async #saveStudy(): Promise<void> {
    const journal = await this.#journal!;
    const text = await journal.text();
    download("webgpu-lstm-studies.log", text);
  }

  async #delete(): Promise<void> {
    if (this.#stop || !this.#search) return;
    if (!confirm("Remove all trials of this study from the browser?")) return;
    await this.#search.delete();
    await this.#renew();
  }

  async #busyWith<T>(work: () => Promise<T>): Promise<T> {
    this.#busy = true;
    this.#controls.locked = true;
    this.#status();
    try {
      return await work();
    } finally {
      this.#busy = false;
      this.#controls.locked = false;
      this.#status();
    }
  }

  #fail(error: unknown): void {
    // A view that was left has ended its workers.
    if ((error as Error).name === "AbortError") return;
    if ((error as Error).name === "NoAdapterError" || error instanceof WebGpuUnavailableError) {
      this.#gpu.describe("none");
      this.#unusable = true;
    }
    showNotice(this.#notice, error);
    this.#status();
  }
}

/** How many trials have ended. */
function ended(trials: readonly FrozenTrial[]): number {
  return trials.filter(({ state }) => state !== "RUNNING" && state !== "WAITING").length;
}
