/** The Text view: a character model in a worker, its loss curve, and its texts. */
import { DisposedError, WebGpuUnavailableError } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { LinkSettings } from "../shell/address.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import type { Frame, View } from "../shell/view.ts";
import type { RunPanel } from "../training/panel.ts";
import { isUnderWay, newSnapshot } from "../training/phase.ts";
import { TrainingRun } from "../training/run.ts";
import { findKept, forget, type KeptRun } from "../training/store.ts";
import { Desk } from "./desk.ts";
import { SettingsError, SettingsForm, WritingForm } from "./form.ts";
import { choicesOfLink, linkOf } from "./link.ts";
import {
  DEFAULTS,
  FIRST_UNIT,
  ON_HARDWARE,
  ONE_CYCLE,
  STEPS_PER_REPORT,
  type TextConfig,
} from "./settings.ts";
import { TextDisplay } from "./training/display.ts";
import { OwnModel } from "./training/own-model.ts";
import { textPanel } from "./training/panel.ts";
import type { NewSamples } from "./training/sampler.ts";
import { SampleList } from "./training/samples.ts";
import "./text.css";
import html from "./text.html?raw";
import type { Facts } from "./training/train.worker.ts";

/** The view's name, under which its runs are stored. */
const VIEW = "text";

export function mount(root: HTMLElement, gpu: Gpu, frame: Frame): View {
  root.innerHTML = html;
  return new TextView(gpu, frame);
}

/** Before anything is started. */
const READY = newSnapshot("ready", DEFAULTS.settings.steps / STEPS_PER_REPORT);

/** What an address need not say. */
const USUAL = { ...DEFAULTS, unit: FIRST_UNIT };

class TextView implements View {
  readonly #gpu: Gpu;
  readonly #frame: Frame;
  readonly #notice = document.getElementById("text-notice")!;
  readonly #settings = new SettingsForm();
  readonly #writing = new WritingForm();
  readonly #display = new TextDisplay();
  readonly #samples = new SampleList();
  readonly #panel: RunPanel;
  readonly #desk: Desk;
  #own = new OwnModel(DEFAULTS);
  /** Whether the visitor or an address has chosen the settings. */
  #chosen = false;
  #run: TrainingRun<TextConfig> | undefined;
  #kept: KeptRun<TextConfig> | undefined;
  #lookedForKept = false;
  #drawing = 0;
  #asking = false;
  #cancelling = false;

  constructor(gpu: Gpu, frame: Frame) {
    this.#gpu = gpu;
    this.#frame = frame;
    this.#desk = new Desk({
      frame,
      settings: () => this.#writing.settings,
      onError: (error) => showNotice(this.#notice, error),
      onUnit: () => this.#keep(),
    });
    this.#desk.unit = FIRST_UNIT;
    document.getElementById("text-train")!.addEventListener("click", () => this.#start());
    this.#settings.onChange = () => this.#keep();
    this.#settings.show(DEFAULTS);
    this.#writing.show(DEFAULTS.writing);
    this.#writing.onChange = () => {
      const { trainer } = this.#run ?? {};
      void trainer?.call("adjust", this.#writing.settings).catch(() => {});
      this.#keep();
    };
    this.#writing.onWrite = () => void this.#write();
    this.#panel = textPanel({
      start: () => this.#start(),
      pause: () => void this.#run?.pause(),
      resume: () => this.#run?.resume(),
      cancel: () => void this.#cancel(),
      takeOffer: () => this.#takeOffer(),
      discardOffer: () => void this.#discardOffer(),
    });
    this.#panel.draw(READY);
    this.#display.clear(DEFAULTS.settings);
    this.#display.draw(READY);
  }

  get linkContents() {
    const isOwn = this.#settings.choices?.source.kind === "own";
    return isOwn ? { lacks: "It has the settings and not your text." } : undefined;
  }

  enter(): void {
    if (!("gpu" in navigator)) {
      this.#panel.drawUnusable();
      showNotice(this.#notice, new WebGpuUnavailableError("there is no WebGPU"));
      return;
    }
    if (this.#run?.snapshot.adapter) this.#gpu.describe(this.#run.snapshot.adapter);
    if (!this.#lookedForKept) void this.#lookForKept();
    this.#lookedForKept = true;
    this.#desk.shown = true;
    if (!this.#run) void this.#openShipped();
  }

  restore(link: LinkSettings): void {
    const choices = choicesOfLink(link, USUAL);
    this.#chosen = true;
    this.#settings.show(choices);
    this.#writing.show(choices.writing);
    this.#desk.unit = choices.unit;
  }

  #keep(): void {
    this.#chosen = true;
    const choices = this.#settings.choices;
    if (!choices) return;
    const { unit } = this.#desk;
    this.#frame.keep(linkOf({ ...choices, writing: this.#writing.settings, unit }, USUAL));
  }

  async #openShipped(): Promise<void> {
    try {
      const adapter = await this.#desk.openShipped();
      if (!adapter || this.#run) return;
      this.#gpu.describe(adapter);
      this.#writing.enabled = true;
      if (!this.#chosen && !adapter.includes("(software)")) this.#settings.show(ON_HARDWARE);
    } catch (error) {
      if (!this.#run) showNotice(this.#notice, error);
    }
  }

  /** Pauses training while another view is shown; the worker owns its memory. */
  async leave(): Promise<string | undefined> {
    this.#desk.shown = false;
    const underWay = this.#run && isUnderWay(this.#run.snapshot.phase);
    await this.#run?.pause();
    return underWay ? "paused" : undefined;
  }

  async #lookForKept(): Promise<void> {
    const kept = await findKept<TextConfig>(VIEW);
    if (this.#run) return;
    this.#kept = kept;
    this.#panel.offer(kept);
  }

  #start(): void {
    try {
      this.#open({ ...this.#settings.read(), writing: this.#writing.settings }, undefined);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      showText(this.#notice, { title: error.title, advice: error.message });
      this.#notice.scrollIntoView({ block: "nearest" });
    }
  }

  #takeOffer(): void {
    const { name, config } = this.#kept!;
    this.#settings.show(config);
    this.#writing.show(config.writing);
    this.#open(config, name);
  }

  async #discardOffer(): Promise<void> {
    await forget(this.#kept!.name);
    // Hidden only after the deletion, since the visitor may close the page then.
    this.#panel.offer(undefined);
  }

  /** Starts a new run in a new worker; the last run ends. */
  #open(config: TextConfig, resume: string | undefined): void {
    this.#run?.dispose();
    this.#desk.closeShipped();
    this.#own = new OwnModel(config);
    showNotice(this.#notice, undefined);
    this.#panel.offer(undefined);
    this.#samples.clear();
    this.#display.clear(config.settings);
    let greeted = false;
    const run = new TrainingRun<TextConfig>({
      view: VIEW,
      worker: () => new Worker(new URL("./training/train.worker.ts", import.meta.url), { type: "module" }),
      config,
      epochs: config.settings.steps / STEPS_PER_REPORT,
      batchesPerEpoch: STEPS_PER_REPORT,
      schedule: ONE_CYCLE,
      callbacks: ["samples"],
      resume,
      onChange: () => this.#changed(),
      onBatch: async (trainer, { epoch, batch, loss }) => {
        this.#display.underWay = { step: (epoch - 1) * STEPS_PER_REPORT + batch, loss };
        if (greeted) return;
        greeted = true;
        // The worker can count now, and a resumed run has its samples.
        this.#display.facts = await trainer.call<Facts>("facts");
        await this.#fetchSamples(trainer);
      },
      onEpoch: (trainer) => this.#fetchSamples(trainer),
    });
    this.#run = run;
    run.start();
    this.#changed();
  }

  async #cancel(): Promise<void> {
    const run = this.#run!;
    void run.trainer?.call("hush").catch(() => {});
    // The worker ends training within a time; writing would hold it up.
    this.#cancelling = true;
    await run.cancel();
    this.#cancelling = false;
    this.#changed();
    await this.#scoreAtCancel(run);
  }

  /** Measures the model as it is: it has trained on since its last report. */
  async #scoreAtCancel(run: TrainingRun<TextConfig>): Promise<void> {
    const step = this.#display.underWay?.step ?? 0;
    const reported = run.snapshot.epoch * STEPS_PER_REPORT;
    if (!run.trainer || step <= reported) return;
    const score = await run.trainer.evaluate("validation").catch((error) => {
      // A new run may end the worker meanwhile.
      if (run === this.#run && !(error instanceof DisposedError)) showNotice(this.#notice, error);
      return undefined;
    });
    if (!score || run !== this.#run) return;
    this.#display.atCancel = { step, loss: score.loss };
    this.#changed();
  }

  async #write(): Promise<void> {
    if (this.#desk.begin()) return;
    const run = this.#run;
    const trainer = run?.trainer;
    if (!trainer) return;
    this.#asking = true;
    this.#changed();
    try {
      await trainer.call("write", this.#writing.settings);
      await this.#fetchSamples(trainer);
    } catch (error) {
      // A new run or a cancel may have ended the worker meanwhile.
      if (run === this.#run && run?.trainer) showNotice(this.#notice, error);
    } finally {
      this.#asking = false;
      this.#changed();
    }
  }

  async #fetchSamples(trainer: RemoteTrainer): Promise<void> {
    const first = this.#samples.length;
    const { samples, thought } = await trainer.call<NewSamples>("samples", first);
    // Another call may have added some of them meanwhile.
    const added = samples.slice(this.#samples.length - first);
    const last = added.at(-1);
    if (trainer !== this.#run?.trainer || !last) return;
    this.#samples.add(added);
    if (!thought) return;
    this.#samples.staged = true;
    this.#desk.play(thought, [...(last.prompt || "\n")].length);
  }

  /** Draws with the next frame, since training can be faster than frames. */
  #changed(): void {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const run = this.#run!;
    const { snapshot } = run;
    const { phase, adapter, error } = snapshot;
    this.#panel.draw(snapshot);
    this.#display.draw(snapshot);
    if (adapter) this.#gpu.describe(adapter);
    if (phase === "failed") showNotice(this.#notice, error);
    const hasModel = snapshot.epoch > 0 || snapshot.batch > 0;
    this.#writing.enabled = hasModel && run.trainer !== undefined && !this.#asking && phase !== "failed";
    document.getElementById("text-train")!.hidden = isUnderWay(phase);
    const isIdle = ["paused", "done", "stopped"].includes(phase) && !this.#cancelling;
    const { standing } = this.#display;
    const isAlive = hasModel && phase !== "failed";
    const taken = isAlive ? this.#own.taken(run.trainer, standing) : undefined;
    this.#desk.follow(taken, this.#own.author(phase, standing), isIdle);
  }
}
