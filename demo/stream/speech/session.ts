/** Listens to a sound from Start to its end or Stop, in a worker. */
import { CHUNK } from "../../../tasks/speech/silero.ts";
import { Latencies } from "../watching/latency.ts";
import { Hearing } from "./hearing.ts";
import { Listener } from "./listener.ts";
import { type LiveSound, openVoice, readSound, type SoundKind } from "./sound.ts";

/** opening (permission, model, GPU) → listening → done (a sound with an end); from any phase before, stopped or failed. */
export type Phase = "opening" | "listening" | "done" | "stopped" | "failed";

export interface Listening {
  readonly kind: SoundKind;
  /** The file, for that kind. */
  readonly file: File | undefined;
}

/** Chunks that may wait for their answers; further ones are left out. One second of sound. */
const MOST_PENDING = 31;

/** Seconds of live sound that are kept. */
const KEPT = 20;

export class SpeechSession {
  readonly settings: Listening;
  phase: Phase = "opening";
  readonly hearing: Hearing;
  /** All chunks of a sound with an end. */
  chunks: number | undefined;
  adapter: string | undefined;
  error: unknown;
  /** Chunks that were left out, since the device is slower than the sound. */
  leftOut = 0;
  readonly inWorker = new Latencies();
  readonly roundTrip = new Latencies();
  readonly #onChange: () => void;
  readonly #abort = new AbortController();
  readonly #listener = new Listener();
  #live: LiveSound | undefined;
  #pending = 0;
  #gap = false;

  /** @param onChange Called at every change; it is called often and must be quick */
  constructor(settings: Listening, onChange: () => void) {
    this.settings = settings;
    this.#onChange = onChange;
    this.hearing = new Hearing(settings.kind === "microphone" ? KEPT : Number.POSITIVE_INFINITY);
    this.#run().catch((error: unknown) => this.#fail(error));
  }

  get underWay(): boolean {
    return this.phase === "opening" || this.phase === "listening";
  }

  /** The sound of a file or of the made sample, for playing it. */
  samples: Float32Array | undefined;

  /** Stops at once: stops listening, and ends the worker, which frees the GPU. */
  stop(): void {
    if (this.underWay) this.#end("stopped");
  }

  async #run(): Promise<void> {
    const { kind, file } = this.settings;
    const { signal } = this.#abort;
    // First: a refusal needs no model.
    if (kind === "microphone") await this.#openVoice();
    else this.samples = kind === "file" ? await readSound(file!) : await this.#listener.makeSpeech();
    signal.throwIfAborted();
    this.adapter = await this.#listener.open(signal);
    signal.throwIfAborted();
    this.phase = "listening";
    this.#onChange();
    if (this.samples) await this.#read(this.samples);
    else this.#listen();
  }

  async #openVoice(): Promise<void> {
    const live = await openVoice();
    this.#live = live;
    if (this.#abort.signal.aborted) live.close();
    else void live.ended.then((error) => this.#fail(error));
  }

  /** Takes a sound as fast as the answers come. */
  async #read(samples: Float32Array): Promise<void> {
    this.chunks = Math.ceil(samples.length / CHUNK);
    for (let from = 0; from < samples.length; from += CHUNK) {
      const chunk = new Float32Array(CHUNK);
      chunk.set(samples.subarray(from, from + CHUNK));
      await this.#hear(chunk);
      this.#abort.signal.throwIfAborted();
    }
    this.#end("done");
  }

  /** Takes a sound as it comes. */
  #listen(): void {
    let chunk = new Float32Array(CHUNK);
    let filled = 0;
    this.#live!.onSamples = (samples) => {
      for (const value of samples) {
        chunk[filled++] = value;
        if (filled < CHUNK) continue;
        this.#offer(chunk);
        chunk = new Float32Array(CHUNK);
        filled = 0;
      }
    };
  }

  #offer(chunk: Float32Array): void {
    if (this.#abort.signal.aborted) return;
    if (this.#pending >= MOST_PENDING) {
      this.leftOut++;
      this.#gap = true;
      return;
    }
    // What follows a gap is heard afresh.
    if (this.#gap) void this.#listener.reset().catch((error: unknown) => this.#fail(error));
    this.#gap = false;
    void this.#hear(chunk).catch((error: unknown) => this.#fail(error));
  }

  async #hear(chunk: Float32Array): Promise<void> {
    this.#pending++;
    const start = performance.now();
    const { probability, ms } = await this.#listener.hear(chunk);
    this.#pending--;
    if (this.#abort.signal.aborted) return;
    this.inWorker.add(ms);
    this.roundTrip.add(performance.now() - start);
    this.hearing.add(chunk, probability);
    this.#onChange();
  }

  #fail(error: unknown): void {
    // When the worker ends, all pending calls fail.
    if (this.#abort.signal.aborted) return;
    this.error = error;
    this.#end("failed");
  }

  #end(phase: Phase): void {
    this.#abort.abort();
    this.#live?.close();
    this.#listener.terminate();
    this.phase = phase;
    this.#onChange();
  }
}
