import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { WorkerError } from "../../errors.ts";
import type { CheckpointOptions } from "./checkpoints.ts";
import type { Outcome } from "./claim.ts";

/** What a child needs to know. It is sent to it and not written on its command line, where others could read a password. */
export interface Setup {
  /** The URL of the objective's module. */
  readonly module: string;
  readonly connection: string;
  readonly prefix: string;
  readonly study: string;
  readonly checkpoints: CheckpointOptions;
}

export type ToChild =
  | { readonly kind: "set up"; readonly setup: Setup }
  | { readonly kind: "run"; readonly number: number }
  | { readonly kind: "stop" };

export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "unable"; readonly reason: string }
  | { readonly kind: "outcome"; readonly outcome: Outcome };

/** A child process that runs one trial after the other: its module, and the device that it opens, stay loaded. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<string>;

  private constructor() {
    // In this repository the source itself runs.
    const program = new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url);
    this.#process = fork(fileURLToPath(program), { serialization: "advanced" });
    this.#ended = new Promise((done) => {
      this.#process.once("error", (error) => done(`its process could not be started (${error.message})`));
      this.#process.once("exit", (code, signal) =>
        done(`its process ended with ${signal ?? `code ${code}`}`),
      );
    });
  }

  /**
   * Starts a child that is ready for trials.
   * @throws WorkerError if its module or its study cannot be loaded
   */
  static async start(where: string, setup: Setup): Promise<Child> {
    const child = new Child();
    const answer = await child.#ask({ kind: "set up", setup });
    if (typeof answer !== "string" && answer.kind === "ready") return child;
    child.kill();
    const reason = typeof answer !== "string" && answer.kind === "unable" ? answer.reason : String(answer);
    throw new WorkerError(`${where}: the objective of ${setup.module} cannot be run: ${reason}`);
  }

  get isAlive(): boolean {
    return this.#process.connected;
  }

  /** Runs a claimed trial. */
  async run(number: number): Promise<Outcome> {
    const answer = await this.#ask({ kind: "run", number });
    if (typeof answer !== "string" && answer.kind === "outcome") return answer.outcome;
    return { kind: "lost", reason: String(answer) };
  }

  /** Asks for the trial back: `trial.signal` of the objective is aborted. */
  stop(): void {
    if (this.isAlive) this.#process.send({ kind: "stop" } satisfies ToChild);
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Sends a message; gives the answer, or how the process has ended. */
  #ask(message: ToChild): Promise<FromChild | string> {
    const answer = new Promise<FromChild>((done) =>
      this.#process.once("message", (said) => done(said as FromChild)),
    );
    // A channel that is closed already: the end of the process says so.
    this.#process.send(message, () => {});
    return Promise.race([answer, this.#ended]);
  }
}
