/** The Stream view: watches a signal step by step. */
import { setText } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import { StatusLines } from "../shell/status-lines.ts";
import type { View } from "../shell/view.ts";
import { part, StreamDisplay } from "./display.ts";
import { LatencyCard } from "./latency-card.ts";
import type { Disturbance } from "./sensor.ts";
import { factorFor, type Learned, Session, type Settings } from "./session.ts";
import { SourceError, type SourceKind } from "./source.ts";
import { SensorSource } from "./sources.ts";
import { SpeechPanel } from "./speech/panel.ts";
import "./stream.css";
import html from "./stream.html?raw";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const view = new StreamView(gpu);
  return {
    // Nothing is requested before the visitor presses Start.
    enter() {},
    async leave() {
      const { underWay } = view;
      view.stop();
      return underWay ? "stopped" : undefined;
    },
    drop: (files) => view.drop(files),
  };
}

/** What can be chosen as the signal. */
type Choice = SourceKind | "speech";

const SOURCE_NOTES: Record<Choice, string> = {
  sensor: "Three harmonics and noise. Its clock counts values: a higher rate plays it faster.",
  microphone:
    "How loud it is, not what is said: one number a value. The browser will ask you. Nothing leaves this page.",
  motion: "How strongly this device is accelerated. The browser may ask you. Nothing leaves this page.",
  speech: "Where there is speech in a sound, said by a trained model: nothing is learned here.",
};

/** What belongs to the signals that are learned, and to speech. */
const SIGNAL_PARTS = ["figures", "signal", "anomalies-card", "signal-settings"];
const SPEECH_PARTS = ["speech-figures", "speech-sound", "speech-found", "speech-settings"];

class StreamView {
  readonly #gpu: Gpu;
  readonly #lines = new StatusLines(part("lines"), "Progress of learning", "stream-");
  readonly #latency = new LatencyCard();
  readonly #display = new StreamDisplay(this.#lines, this.#latency);
  readonly #speech = new SpeechPanel({
    lines: this.#lines,
    latency: this.#latency,
    onChange: () => this.#draw(),
  });
  /** Of the signals that are learned; undefined before the first, and after a change of the signal. */
  #session: Session | undefined;
  /** The learned models, by signal and, for live signals, by rate and length of the recording. */
  readonly #learned = new Map<string, Learned>();
  /** The visitor's threshold, which applies to every signal. */
  #factor: number | undefined;
  #drawing = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    part("toggle").addEventListener("click", () => this.#toggle());
    part("stop").addEventListener("click", () => this.stop());
    part("reset").addEventListener("click", () => this.#session?.reset());
    part("again").addEventListener("click", () => this.#learnAgain());
    part("disturb").addEventListener("click", () => {
      const kind = part<HTMLSelectElement>("disturbance").value as Disturbance;
      if (this.#session?.source instanceof SensorSource) this.#session.source.disturb(kind);
    });
    part("settings").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["source", "calibration"]) {
      part(name).addEventListener("change", () => this.#changeSignal());
    }
    part("rate").addEventListener("change", () => {
      // A live signal looks different at another rate.
      if (this.#settings.kind === "sensor" && this.#session) this.#session.rate = this.#settings.rate;
      else this.#changeSignal();
    });
    part("streams").addEventListener("change", () => {
      this.#session?.setStreams(this.#settings.streams);
      this.#showSettings();
    });
    part("factor").addEventListener("input", () => {
      this.#factor = part<HTMLInputElement>("factor").valueAsNumber;
      if (this.#session) this.#session.factor = this.#factor;
      this.#showFactor(this.#factor);
      this.#draw();
    });
    this.#showFactor(6);
    this.#showSettings();
  }

  stop(): void {
    this.#session?.stop();
    this.#speech.stop();
  }

  get underWay(): boolean {
    const { phase = "stopped" } = this.#session ?? {};
    return this.#speech.session?.underWay || !["stopped", "failed"].includes(phase);
  }

  /** Takes a file with sound. */
  drop([file]: readonly File[]): void {
    if (!file) return;
    if (this.#choice !== "speech") {
      part<HTMLSelectElement>("source").value = "speech";
      this.#changeSignal();
    }
    this.#speech.take(file);
  }

  get #choice(): Choice {
    return part<HTMLSelectElement>("source").value as Choice;
  }

  /** Of the signals that are learned. */
  get #settings(): Settings {
    const choice = (name: string) => Number(part<HTMLSelectElement>(name).value);
    return {
      kind: part<HTMLSelectElement>("source").value as SourceKind,
      streams: choice("streams"),
      rate: choice("rate"),
      calibration: choice("calibration"),
    };
  }

  /** The key of the current settings among the learned models. */
  get #key(): string {
    const { kind, rate, calibration } = this.#settings;
    return kind === "sensor" ? kind : `${kind} ${rate} ${calibration}`;
  }

  #toggle(): void {
    if (this.#choice === "speech") {
      this.#start();
      return;
    }
    const phase = this.#session?.phase;
    if (phase === "watching") this.#session!.pause();
    else if (phase === "paused") this.#session!.resume();
    else this.#start();
  }

  #start(): void {
    showNotice(part("notice"), undefined);
    if (this.#choice === "speech") {
      this.#speech.start();
      return;
    }
    const key = this.#key;
    const known = this.#learned.get(key);
    const session: Session = new Session(this.#settings, known, {
      onChange: () => {
        if (this.#session === session) this.#draw();
      },
      onLearned: (learned) => this.#learned.set(key, learned),
    });
    this.#session = session;
    if (this.#factor !== undefined) session.factor = this.#factor;
    this.#draw();
  }

  #learnAgain(): void {
    this.#learned.delete(this.#key);
    this.stop();
    this.#start();
  }

  /** Ends the session, since the signal or the way to read it has changed, and clears what belongs to the old one. */
  #changeSignal(): void {
    this.stop();
    this.#session = undefined;
    showNotice(part("notice"), undefined);
    this.#showSettings();
  }

  /** Draws with the next frame, since steps can be faster than frames. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      if (this.#choice === "speech") {
        this.#drawSpeech();
        return;
      }
      const session = this.#session;
      if (!session) return;
      this.#display.draw(session);
      part<HTMLButtonElement>("again").disabled = !this.#learned.has(this.#key);
      if (session.adapter) this.#gpu.describe(session.adapter);
      if (session.detector && this.#factor === undefined)
        this.#showFactor(factorFor(session.detector.normal));
      if (session.phase === "failed") this.#showFailure(session.error);
    });
  }

  #drawSpeech(): void {
    const { session, ready } = this.#speech;
    const { underWay = false, adapter, phase, error } = session ?? {};
    setText(part("toggle"), "Start");
    part<HTMLButtonElement>("toggle").disabled = underWay || !ready;
    part<HTMLButtonElement>("stop").disabled = !underWay;
    if (session) this.#speech.draw();
    if (adapter) this.#gpu.describe(adapter);
    if (phase === "failed") this.#showFailure(error);
    else showNotice(part("notice"), undefined);
  }

  #showFailure(error: unknown): void {
    if (error instanceof SourceError) {
      showText(part("notice"), { title: error.title, advice: error.message });
    } else showNotice(part("notice"), error);
  }

  #showSettings(): void {
    const { kind, streams } = this.#settings;
    const choice = this.#choice;
    const speech = choice === "speech";
    setText(part("source-note"), SOURCE_NOTES[choice]);
    for (const name of SIGNAL_PARTS) part(name).hidden = speech;
    for (const name of SPEECH_PARTS) part(name).hidden = !speech;
    part("calibration-field").hidden = kind === "sensor";
    part("disturb-row").hidden = kind !== "sensor";
    setText(
      part("streams-note"),
      kind === "sensor"
        ? "All are watched; the first one is drawn and can be disturbed."
        : "All are given this one signal, to see what more streams cost.",
    );
    const drawn = streams > 1 && kind === "sensor" ? `Stream 1 of ${streams}. ` : "";
    setText(part("signal-note"), `${drawn}The band is where a value is normal.`);
    if (this.#session) return;
    this.#speech.clear();
    this.#display.clear();
    if (speech) this.#draw();
    else this.#lines.draw("Press Start: it learns what is normal first.", 0, "");
  }

  #showFactor(factor: number): void {
    const slider = part<HTMLInputElement>("factor");
    const text = `${factor} σ`;
    if (slider.valueAsNumber !== factor) slider.valueAsNumber = factor;
    setText(part("factor-text"), text);
    slider.setAttribute("aria-valuetext", `${factor} standard deviations`);
  }
}
