/** Gets answers from engines that look for finished work on a slow timer, as Firefox does every 100 ms. Loads on demand. */

/** Milliseconds from one empty submission to the next: without a pause they would hang the browser. */
const PAUSE_MS = 1;

/** A device's queue; empty submissions make the engine look. */
interface Queue {
  submit(buffers: []): unknown;
  onSubmittedWorkDone(): Promise<unknown>;
}

/** A waker, if it is needed: another empty submission is answered slowly too, so that it was no chance on a busy machine. */
export async function wakerFor(queue: Queue, slowMs: number): Promise<Waker | null> {
  const start = performance.now();
  queue.submit([]);
  await queue.onSubmittedWorkDone();
  return performance.now() - start > slowMs ? new Waker(queue) : null;
}

/** Submits nothing, again and again, while somebody waits. */
export class Waker {
  readonly #queue: Queue;
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** The answer, as soon as the GPU has it. */
  async during<T>(answer: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) this.#timer = setInterval(() => this.#queue.submit([]), PAUSE_MS);
    try {
      return await answer;
    } finally {
      if (--this.#waiting === 0) clearInterval(this.#timer);
    }
  }
}
