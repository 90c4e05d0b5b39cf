/** The Stream view: watches a signal step by step. */
import { setText } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import type { View } from "../shell/view.ts";
import { part, StreamDisplay } from "./display.ts";
import type { Disturbance } from "./sensor.ts";
import { factorFor, type Learned, Session, type Settings } from "./session.ts";
import { SourceError, type SourceKind } from "./source.ts";
import { SensorSource } from "./sources.ts";
import "./stream.css";
import html from "./stream.html?raw";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const view = new StreamView(gpu);
  return {
    // Nothing is requested before the visitor presses Start.
    enter() {},
    leave: async () => view.stop(),
  };
}

const SOURCE_NOTES: Record<SourceKind, string> = {
  sensor: "Three harmonics and noise. Its clock counts values: a higher rate plays it faster.",
  microphone:
    "How loud it is, not what is said: one number a value. The browser will ask you. Nothing leaves this page.",
  motion: "How strongly this device is accelerated. The browser may ask you. Nothing leaves this page.",
};

class StreamView {
  readonly #gpu: Gpu;
  readonly #display = new StreamDisplay();
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
  }

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
    const phase = this.#session?.phase;
    if (phase === "watching") this.#session!.pause();
    else if (phase === "paused") this.#session!.resume();
    else this.#start();
  }

  #start(): void {
    showNotice(part("notice"), undefined);
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

  /** Ends the session, since the signal or the way to read it has changed. */
  #changeSignal(): void {
    this.stop();
    showNotice(part("notice"), undefined);
    this.#showSettings();
  }

  /** Draws with the next frame, since steps can be faster than frames. */
  #draw(): void {
    if (this.#drawing || !this.#session) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      const session = this.#session!;
      this.#display.draw(session);
      part<HTMLButtonElement>("again").disabled = !this.#learned.has(this.#key);
      if (session.adapter) this.#gpu.describe(session.adapter);
      if (session.detector && this.#factor === undefined)
        this.#showFactor(factorFor(session.detector.normal));
      if (session.phase === "failed") this.#showFailure(session.error);
    });
  }

  #showFailure(error: unknown): void {
    if (error instanceof SourceError) {
      showText(part("notice"), { title: error.title, advice: error.message });
    } else showNotice(part("notice"), error);
  }

  #showSettings(): void {
    const { kind, streams } = this.#settings;
    setText(part("source-note"), SOURCE_NOTES[kind]);
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
  }

  #showFactor(factor: number): void {
    const slider = part<HTMLInputElement>("factor");
    const text = `${factor} σ`;
    if (slider.valueAsNumber !== factor) slider.valueAsNumber = factor;
    setText(part("factor-text"), text);
    slider.setAttribute("aria-valuetext", `${factor} standard deviations`);
  }
}
