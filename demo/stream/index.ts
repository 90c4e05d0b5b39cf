/** The Stream view: watches a signal step by step, the synthetic sensor as soon as it opens. */

import type { LinkSettings } from "../shell/address.ts";
import { setText } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import { StatusLines } from "../shell/status-lines.ts";
import type { Frame, View } from "../shell/view.ts";
import { part, StreamDisplay } from "./display/display.ts";
import { LatencyCard } from "./display/latency-card.ts";
import { choice, choose, key, showChoice, signalSettings } from "./form.ts";
import { choicesOfLink, linkOf } from "./link.ts";
import { shippedSensor } from "./model/shipped.ts";
import { type Learned, Session } from "./session.ts";
import { Hand, REACH } from "./signals/hand.ts";
import type { Disturbance } from "./signals/sensor.ts";
import { SourceError } from "./signals/source.ts";
import { SensorSource } from "./signals/sources.ts";
import { SpeechPanel } from "./speech/panel.ts";
import { TakeAway } from "./take-away.ts";
import { factorFor } from "./watching/detector.ts";
import "./stream.css";
import html from "./stream.html?raw";

export function mount(root: HTMLElement, gpu: Gpu, frame: Frame): View {
  root.innerHTML = html;
  return new StreamView(gpu, frame);
}

class StreamView implements View {
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
  /** Whether the visitor has stopped the sensor, which otherwise runs by itself. */
  #isStopped = false;
  #isShown = false;
  #drawing = false;
  readonly #hand: Hand;
  readonly #takeAway: TakeAway;

  constructor(gpu: Gpu, frame: Frame) {
    this.#gpu = gpu;
    const { signal } = this.#display;
    this.#hand = new Hand({
      surface: signal.surface,
      valueAt: (y) => signal.valueAt(y),
      heightOf: (value) => signal.heightOf(value),
      latest: () => this.#session?.watch?.points.at(-1)?.value ?? 0,
      onHold: (value) => this.#sensor?.hold(value),
    });
    this.#takeAway = new TakeAway({
      frame,
      session: () => this.#session!,
      picture: () => signal.cardPicture(),
      onError: (error) => showNotice(part("notice"), error),
    });
    part("toggle").addEventListener("click", () => this.#toggle());
    part("stop").addEventListener("click", () => {
      this.#isStopped = true;
      this.stop();
    });
    part("reset").addEventListener("click", () => this.#session?.reset());
    part("again").addEventListener("click", () => this.#learnAgain());
    part("disturb").addEventListener("click", () => {
      const kind = part<HTMLSelectElement>("disturbance").value as Disturbance;
      this.#sensor?.disturb(kind);
    });
    part("settings").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["source", "calibration"]) {
      part(name).addEventListener("change", () => this.#changeSignal());
    }
    part("rate").addEventListener("change", () => {
      // A live signal looks different at another rate.
      if (signalSettings().kind === "sensor" && this.#session) this.#session.rate = signalSettings().rate;
      else this.#changeSignal();
    });
    part("streams").addEventListener("change", () => {
      this.#session?.setStreams(signalSettings().streams);
      this.#showSettings();
    });
    part("factor").addEventListener("input", () => {
      this.#factor = part<HTMLInputElement>("factor").valueAsNumber;
      if (this.#session) this.#session.factor = this.#factor;
      this.#showFactor(this.#factor);
      this.#draw();
    });
    // After what each control does by itself.
    part("settings").addEventListener("change", () => {
      const { kind, ...settings } = signalSettings();
      frame.keep(linkOf({ ...settings, signal: kind, factor: this.#factor }));
    });
    this.#showFactor(6);
    this.#showSettings();
  }

  /** Chooses what a link says, and begins with it. */
  restore(link: LinkSettings): void {
    const choices = choicesOfLink(link);
    choose(choices);
    this.#factor = choices.factor;
    this.#showFactor(choices.factor ?? 6);
    this.#changeSignal();
  }

  /** Lets the sensor run, once the page can be seen, unless the visitor has stopped it. */
  enter(): void {
    this.#isShown = true;
    this.#begin();
  }

  #begin(): void {
    if (!this.#isShown || choice() !== "sensor" || this.#isStopped || this.underWay) return;
    if (!document.hidden) this.#start();
    else document.addEventListener("visibilitychange", () => this.#begin(), { once: true });
  }

  /** Ends the work, and says what becomes of it: the sensor goes on at the next visit. */
  async leave(): Promise<string | undefined> {
    this.#isShown = false;
    const { phase } = this.#session ?? {};
    const { underWay } = this;
    const goesOn = choice() === "sensor" && (phase === "watching" || phase === "opening");
    this.#isStopped ||= phase === "paused";
    this.stop();
    return !underWay ? undefined : goesOn ? "paused" : "stopped";
  }

  get #sensor(): SensorSource | undefined {
    const { source } = this.#session ?? {};
    return source instanceof SensorSource ? source : undefined;
  }

  stop(): void {
    this.#session?.stop();
    this.#speech.stop();
  }

  get underWay(): boolean {
    const { phase = "stopped" } = this.#session ?? {};
    return this.#speech.session?.underWay || !["stopped", "failed"].includes(phase);
  }

  get linkContents() {
    const isOwn = choice() === "speech" && this.#speech.hasFile;
    return isOwn ? { lacks: "It has the settings and not your file." } : undefined;
  }

  /** Takes a file with sound. */
  drop([file]: readonly File[]): void {
    if (!file) return;
    if (choice() !== "speech") {
      part<HTMLSelectElement>("source").value = "speech";
      this.#changeSignal();
    }
    this.#speech.take(file);
  }

  #toggle(): void {
    if (choice() === "speech") {
      this.#start();
      return;
    }
    const phase = this.#session?.phase;
    if (phase === "watching") this.#session!.pause();
    else if (phase === "paused") this.#session!.resume();
    else this.#start();
  }

  /** @param taught Whether to learn the signal although there is a model of it */
  #start(taught = false): void {
    this.#isStopped = false;
    showNotice(part("notice"), undefined);
    if (choice() === "speech") {
      this.#speech.start();
      return;
    }
    const name = key();
    const known = taught ? undefined : (this.#learned.get(name) ?? this.#shipped);
    const session: Session = new Session(signalSettings(), known, {
      onChange: () => {
        if (this.#session === session) this.#draw();
      },
      onLearned: (learned) => this.#learned.set(name, learned),
    });
    this.#session = session;
    if (this.#factor !== undefined) session.factor = this.#factor;
    this.#draw();
  }

  /** Loads the model that comes with this page, if it has one of the signal. */
  get #shipped(): Promise<Learned> | undefined {
    return signalSettings().kind === "sensor" ? shippedSensor() : undefined;
  }

  #learnAgain(): void {
    this.#learned.delete(key());
    this.stop();
    this.#start(true);
  }

  /** The button with which the visitor teaches a model. */
  #showTeaching(): void {
    const sensor = signalSettings().kind === "sensor";
    const known = this.#learned.get(key());
    const { phase = "stopped" } = this.#session ?? {};
    const ready = sensor ? !["opening", "learning"].includes(phase) : known !== undefined;
    part<HTMLButtonElement>("again").disabled = !ready;
    part("again").hidden = choice() === "speech";
    setText(part("again"), sensor && (!known || known.shipped) ? "Teach it yourself" : "Learn again");
  }

  /** Ends the session, since the signal or the way to read it has changed, and clears what belongs to the old one. */
  #changeSignal(): void {
    this.stop();
    this.#session = undefined;
    showNotice(part("notice"), undefined);
    this.#showSettings();
    this.#isStopped = false;
    this.#begin();
  }

  /** Draws with the next frame, since steps can be faster than frames. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      if (choice() === "speech") {
        this.#drawSpeech();
        return;
      }
      const session = this.#session;
      if (!session) return;
      this.#display.draw(session);
      this.#showTeaching();
      this.#takeAway.show(session);
      this.#hand.enabled = this.#sensor !== undefined && session.phase === "watching";
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
    showChoice();
    const sensor = choice() === "sensor";
    this.#display.signal.room = sensor ? REACH : 0;
    if (this.#session) return;
    this.#hand.enabled = false;
    this.#showTeaching();
    this.#takeAway.show(undefined);
    this.#speech.clear();
    this.#display.clear();
    if (choice() === "speech") this.#draw();
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
