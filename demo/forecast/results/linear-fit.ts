/** The linear regression that a network is compared with: the page's half of its worker. */
import type { Linear } from "../../../tasks/statistics/ridge.ts";
import type { ForecastConfig } from "../settings.ts";
import type { Fitted } from "./linear.worker.ts";

export class LinearFit {
  /** The worker of a fit that is under way. */
  #worker: Worker | undefined;
  /** What is fitted or has been, and for which task. */
  #latest: { readonly config: ForecastConfig; readonly linear: Promise<Linear> } | undefined;
  #known: Linear | undefined;

  /** The regression of a task. It takes the place of another one that is under way, whose promise never settles. */
  of(config: ForecastConfig): Promise<Linear> {
    if (!this.#latest || !isSameTask(config, this.#latest.config)) {
      this.stop();
      this.#known = undefined;
      this.#latest = { config, linear: this.#fit(config) };
    }
    return this.#latest.linear;
  }

  /** The regression of a task if it is fitted already. */
  known(config: ForecastConfig): Linear | undefined {
    return this.#latest && isSameTask(config, this.#latest.config) ? this.#known : undefined;
  }

  /** Ends a fit that is under way. */
  stop(): void {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    this.#latest = undefined;
  }

  async #fit(config: ForecastConfig): Promise<Linear> {
    const worker = new Worker(new URL("./linear.worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.postMessage(config);
    try {
      const answer = await new Promise<Fitted>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<Fitted>) => resolve(data);
        // In the words that the shell's notice knows: a part of the page did not load.
        worker.onerror = () => reject(new TypeError("importing a module failed: linear.worker"));
      });
      if ("error" in answer) throw answer.error;
      this.#known = answer.linear;
      return answer.linear;
    } catch (error) {
      // The next call tries again.
      if (this.#worker === worker) this.#latest = undefined;
      throw error;
    } finally {
      worker.terminate();
      if (this.#worker === worker) this.#worker = undefined;
    }
  }
}

/** Whether two configurations have the same regression: the network's own settings do not matter. */
function isSameTask(a: ForecastConfig, b: ForecastConfig): boolean {
  const { window, horizon, goal } = a.settings;
  const other = b.settings;
  return a.series === b.series && window === other.window && horizon === other.horizon && goal === other.goal;
}
