/** Where a worker's objective runs: in this process, or in child processes. */
import { reasonOf } from "../optimize.ts";
import { Child, type Setup } from "./child-process.ts";
import type { Outcome } from "./claim.ts";

/** A trial that is under way. */
export interface Run {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Asks for the trial back. */
  stop(): void;
  /** Ends it at once, where that is possible: another worker has it. */
  abandon(): void;
}

export interface Runner {
  run(number: number): Run;
  close(): void;
}

/** How long an objective may take to save a checkpoint and throw, once `trial.signal` is aborted, in ms. */
export const LEAVE_MS = 8000;

/** @param run Runs a claimed trial; the signal asks for it back */
export function inThisProcess(run: (number: number, signal: AbortSignal) => Promise<Outcome>): Runner {
  return {
    run: (number) => {
      const stop = new AbortController();
      const outcome = run(number, stop.signal).catch(
        (error: unknown): Outcome => ({ kind: "lost", reason: reasonOf(error) }),
      );
      const abort = () => stop.abort(new DOMException("the worker gives the trial back", "AbortError"));
      return { outcome, stop: abort, abandon: abort };
    },
    close: () => {},
  };
}

/** Child processes, as many as trials run at the same time. One that has lost its device, or has died, is replaced. */
export class ChildProcesses implements Runner {
  readonly #where: string;
  readonly #setup: Setup;
  readonly #idle: Child[] = [];

  private constructor(where: string, setup: Setup) {
    this.#where = where;
    this.#setup = setup;
  }

  /** @throws WorkerError if the objective's module cannot be loaded */
  static async start(where: string, setup: Setup): Promise<ChildProcesses> {
    const children = new ChildProcesses(where, setup);
    children.#idle.push(await Child.start(where, setup));
    return children;
  }

  run(number: number): Run {
    let child: Child | null = null;
    let isWanted = true;
    let timer: NodeJS.Timeout | undefined;
    const abandon = () => {
      isWanted = false;
      child?.kill();
    };
    const stop = () => {
      child?.stop();
      timer ??= setTimeout(abandon, LEAVE_MS);
    };
    const work = async (): Promise<Outcome> => {
      try {
        child = await this.#take();
        if (!isWanted) child.kill();
        const running = child.run(number);
        // Asked for while the child was starting.
        if (timer) child.stop();
        const outcome = await running;
        if (outcome.kind === "lost") child.kill();
        else if (child.isAlive) this.#idle.push(child);
        return isWanted || outcome.kind === "ended" ? outcome : { kind: "handed back" };
      } catch (error) {
        return { kind: "lost", reason: reasonOf(error) };
      } finally {
        clearTimeout(timer);
      }
    };
    return { outcome: work(), stop, abandon };
  }

  async #take(): Promise<Child> {
    for (let child = this.#idle.pop(); child; child = this.#idle.pop()) if (child.isAlive) return child;
    return Child.start(this.#where, this.#setup);
  }

  close(): void {
    for (const child of this.#idle.splice(0)) child.kill();
  }
}
