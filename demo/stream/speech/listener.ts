/** The page's half of the worker that listens. */
import modelFile from "@ricky0123/vad-web/dist/silero_vad_v6.onnx?url";
import { type Answer, errorOf, type Heard, type Request } from "./protocol.ts";

/** A request without its number. */
type Asking = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

export class Listener {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>();
  #asked = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.failure) waiting?.reject(errorOf(data.failure));
      else waiting?.resolve(data.value as never);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end(new Error(event.message || "The worker's code could not be loaded. Try again."));
    });
  }

  /** Loads the model, and compiles it; gives the adapter's name. */
  async open(signal: AbortSignal): Promise<string> {
    const response = await fetch(modelFile, { signal });
    if (!response.ok) throw new Error(`The model did not load (${response.status}). Try again.`);
    const file = await response.arrayBuffer();
    return this.#ask({ kind: "open", file }, [file]);
  }

  hear(samples: Float32Array): Promise<Heard> {
    return this.#ask({ kind: "chunk", samples });
  }

  reset(): Promise<void> {
    return this.#ask({ kind: "reset" });
  }

  makeSpeech(): Promise<Float32Array> {
    return this.#ask({ kind: "make" });
  }

  /** Ends the worker at once, which frees the GPU; open requests are rejected. */
  terminate(): void {
    this.#end(new DOMException("The worker has ended.", "AbortError"));
  }

  #end(reason: unknown): void {
    this.#worker.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }

  #ask<Value>(asking: Asking, transfer: Transferable[] = []): Promise<Value> {
    const id = this.#asked++;
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...asking, id }, transfer);
    });
  }
}
