/** The Stream view's part for speech: its settings, and what a session hears. */
import { SECONDS, segmentsOf } from "../../../tasks/speech/segments.ts";
import { RATE } from "../../../tasks/speech/silero.ts";
import { element, partsOf, setText, table } from "../../shell/dom.ts";
import { brief, count, counted, decimals } from "../../shell/format.ts";
import { clearFigures, figureList, type StatusLines } from "../../shell/status-lines.ts";
import { type LatencyCard, milliseconds } from "../display/latency-card.ts";
import { ProbabilityChart, WaveChart } from "./charts.ts";
import { SpeechSession } from "./session.ts";
import { LONGEST, type SoundKind } from "./sound.ts";
import { wavOf } from "./wav.ts";

const part = partsOf("stream-speech");

const FIGURES = [
  { name: "stream-speech-heard", label: "Heard" },
  { name: "stream-speech-probability", label: "Probability now" },
  { name: "stream-speech-total", label: "Speech in it" },
  { name: "stream-speech-times", label: "Faster than sound" },
] as const;

const NOTES: Record<SoundKind, string> = {
  sample:
    "Made in this page by a formant synthesizer, no recording: two phrases without meaning, and between them a tone and a rush of noise.",
  microphone:
    "The browser will ask you. The sound stays in this page, and what is older than 20 s is forgotten.",
  file: `Choose one or drop it on the page: what the browser can decode, its first ${LONGEST / 60} minutes. It stays in this page.`,
};

/** Maximum number of segments in the table, the latest first. */
const SHOWN = 50;

export interface Surroundings {
  readonly lines: StatusLines;
  readonly latency: LatencyCard;
  /** Called with each new session, and at its every change. */
  onChange(): void;
}

export class SpeechPanel {
  readonly #around: Surroundings;
  readonly #wave = new WaveChart(part("wave"));
  readonly #probability = new ProbabilityChart(part("chart"));
  readonly #kind = part<HTMLSelectElement>("kind");
  readonly #threshold = part<HTMLInputElement>("threshold");
  #file: File | undefined;
  #session: SpeechSession | undefined;
  #playable: string | undefined;
  #drawnSegments = "";

  constructor(around: Surroundings) {
    this.#around = around;
    part("figures").append(figureList(FIGURES));
    this.#kind.addEventListener("change", () => {
      this.clear();
      this.#showSettings();
      this.#around.onChange();
    });
    const input = part<HTMLInputElement>("file");
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      if (file) this.take(file);
      input.value = ""; // so that the same file can be chosen again
    });
    this.#threshold.addEventListener("input", () => {
      this.#showSettings();
      if (this.#session) this.draw();
    });
    this.#showSettings();
  }

  get session(): SpeechSession | undefined {
    return this.#session;
  }

  /** Whether the sound is a file of the visitor's. */
  get hasFile(): boolean {
    return this.#kind.value === "file" && this.#file !== undefined;
  }

  /** Whether there is a sound to start with: a file may not be chosen yet. */
  get ready(): boolean {
    return this.#kind.value !== "file" || this.hasFile;
  }

  start(): void {
    this.#session?.stop();
    this.#forgetPlayable();
    const kind = this.#kind.value as SoundKind;
    const session: SpeechSession = new SpeechSession({ kind, file: this.#file }, () => {
      if (this.#session === session) this.#around.onChange();
    });
    this.#session = session;
    this.#around.onChange();
  }

  stop(): void {
    this.#session?.stop();
  }

  /** Ends the session, and shows nothing of it. */
  clear(): void {
    this.stop();
    this.#session = undefined;
    this.#forgetPlayable();
    clearFigures(FIGURES);
    this.#drawSegments([], undefined);
    this.#wave.clear();
    this.#probability.clear();
    this.#around.latency.clear();
    this.#around.lines.draw("Press Start: it loads the model first.", 0, "");
  }

  /** Listens to a file that was chosen or dropped. */
  take(file: File): void {
    this.#file = file;
    this.#kind.value = "file";
    this.#showSettings();
    this.start();
  }

  /** Draws the current session. */
  draw(): void {
    const session = this.#session!;
    const { hearing, inWorker, roundTrip, leftOut, chunks, phase } = session;
    const threshold = this.#threshold.valueAsNumber;
    const segments = segmentsOf(hearing.probabilities, threshold);
    const median = inWorker.quantile(0.5);
    const spoken = segments.reduce((sum, { from, to }) => sum + to - from, 0);
    const latest = hearing.probabilities.at(-1);
    this.#around.lines.draw(
      statusOf(session, segments.length),
      phase === "done" ? 1 : chunks ? hearing.count / chunks : 0,
      "",
    );
    setText(part("heard"), hearing.count > 0 ? `${decimals(hearing.count * SECONDS, 1)} s` : "–");
    setText(part("probability"), latest === undefined ? "–" : decimals(latest, 2));
    setText(part("total"), hearing.count > 0 ? `${decimals(spoken * SECONDS, 1)} s` : "–");
    setText(part("times"), median ? `${brief(Number(((1000 * SECONDS) / median).toPrecision(2)))} ×` : "–");
    this.#wave.draw(hearing, segments);
    this.#probability.draw(hearing, segments, threshold);
    this.#around.latency.draw(
      inWorker,
      roundTrip,
      leftOut > 0
        ? `${count(leftOut)} chunks were left out, since this device is slower than the sound.`
        : "",
    );
    this.#drawSegments(
      segments.map(({ from, to, open }) => [
        seconds(hearing.first + from),
        open && session.underWay ? "goes on" : seconds(hearing.first + to),
        seconds(to - from),
        decimals(mean(hearing.probabilities.slice(from, to)), 2),
      ]),
      median,
    );
    if (session.samples && !this.#playable) this.#offerPlaying(session);
  }

  #drawSegments(rows: string[][], median: number | undefined): void {
    setText(part("count"), count(rows.length));
    setText(
      part("summary"),
      `${counted(rows.length, "segment")} of speech. ${median ? `A chunk of 32 ms of sound takes ${milliseconds(median)} ms.` : ""}`,
    );
    const drawn = rows.join();
    if (drawn === this.#drawnSegments) return;
    this.#drawnSegments = drawn;
    const columns = [
      { title: "From" },
      ...["To", "Length", "Mean probability"].map((title) => ({ title, numeric: true })),
    ];
    part("segments").replaceChildren(
      ...(rows.length > 0
        ? [table("Segments of speech", "The latest first.", columns, rows.slice(-SHOWN).reverse())]
        : []),
    );
  }

  /** Lets the visitor hear what the model has heard. */
  #offerPlaying({ samples, settings }: SpeechSession): void {
    const blob =
      settings.kind === "file" ? settings.file! : new Blob([wavOf(samples!, RATE)], { type: "audio/wav" });
    this.#playable = URL.createObjectURL(blob);
    const name = settings.kind === "file" ? settings.file!.name : "The made sample";
    part("player").replaceChildren(
      element("audio", { controls: "", src: this.#playable, "aria-label": name, preload: "metadata" }),
    );
  }

  #forgetPlayable(): void {
    part("player").replaceChildren();
    if (this.#playable) URL.revokeObjectURL(this.#playable);
    this.#playable = undefined;
  }

  #showSettings(): void {
    const kind = this.#kind.value as SoundKind;
    setText(part("kind-note"), NOTES[kind]);
    part("file-row").hidden = kind !== "file";
    setText(part("file-name"), this.#file?.name ?? "none chosen");
    const text = decimals(this.#threshold.valueAsNumber, 2);
    setText(part("threshold-text"), text);
    this.#threshold.setAttribute("aria-valuetext", text);
  }
}

function statusOf({ phase, settings, chunks, hearing }: SpeechSession, segments: number): string {
  const found = `${counted(segments, "segment")} of speech`;
  switch (phase) {
    case "opening":
      return settings.kind === "microphone"
        ? "Asking for the microphone, then loading the model…"
        : "Loading the model…";
    case "listening":
      return chunks === undefined ? "Listening." : "Listening to the sound as fast as the GPU can.";
    case "done":
      return `Done: ${found}, and the GPU is free.`;
    case "stopped":
      return hearing.count > 0 ? `Stopped: ${found}, and the GPU is free.` : "Stopped.";
    case "failed":
      return "Stopped.";
  }
}

/** The time in a sound of a chunk's beginning, or the length of so many chunks. */
function seconds(chunks: number): string {
  return `${decimals(chunks * SECONDS, 2)} s`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
