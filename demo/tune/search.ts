/** A study of one series, kept by the browser, and its runs. */
import { DivergedError } from "webgpu-lstm";
import {
  createStudy,
  deleteStudy,
  type FrozenTrial,
  type Journal,
  loadStudy,
  openJournal,
  type StoredJournal,
  type Study,
  StudyError,
  samplers,
  type Trial,
  TrialPruned,
} from "webgpu-lstm/search";
import { halving } from "../../tasks/search/halving.ts";
import { bestOf } from "../../tasks/search/plot-parts.ts";
import type { Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import type { Weights } from "./protocol.ts";
import type { Seats } from "./seat.ts";
import { paramsOf, type Space, settingsOf, suggestSettings } from "./space.ts";

/** The task whose settings are searched. */
export interface TuneTask {
  readonly series: Series;
  /** The defaults; what is not searched, horizon and epochs among it, stays as it is here. */
  readonly base: Settings;
  /** The task in words: the name of a preset. */
  readonly preset: string;
}

/** Opens the journal of all studies of this view. */
export function openStudies(): Promise<StoredJournal> {
  return openJournal({ name: "demo-tune" });
}

/** What the name of a study must say: trials of different kinds do not go together. */
function nameOf({ series, base, preset }: TuneTask, { cells }: Space): string {
  return `${series.title}: ${preset}, ${cells.join("/")}, ${base.epochs} epochs`;
}

export class TuneSearch {
  readonly task: TuneTask;
  readonly space: Space;
  readonly #journal: Journal;
  readonly #seats: Seats;
  readonly #name: string;
  #study: Study | undefined;
  /** What the best trial and the one with the defaults have learnt, by their numbers. */
  readonly #weights = new Map<number, Weights>();

  constructor(task: TuneTask, space: Space, journal: Journal, seats: Seats) {
    this.task = task;
    this.space = space;
    this.#journal = journal;
    this.#seats = seats;
    this.#name = nameOf(task, space);
  }

  /** Opens the study if the journal has it. */
  async load(): Promise<void> {
    try {
      this.#study = await loadStudy({ name: this.#name, storage: this.#journal, ...this.#parts() });
    } catch (error) {
      if (error instanceof StudyError) return;
      throw error;
    }
    // What a closed page has left, unless another tab is at work.
    await navigator.locks.request(this.#lock, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#study!.requeueRunning();
    });
  }

  /** The study; undefined before its first run. */
  get study(): Study | undefined {
    return this.#study;
  }

  get trials(): readonly FrozenTrial[] {
    return this.#study?.trials ?? [];
  }

  /** The name of the lock that tabs share which work on the study. */
  get #lock(): string {
    return `webgpu-lstm/tune/${this.#name}`;
  }

  #parts() {
    return {
      sampler: new samplers.TPE({ multivariate: true, constantLiar: true }),
      pruner: halving(this.task.base.epochs),
    };
  }

  /** The number of the trial with the defaults; -1 as long as none is complete. */
  defaultsOf(trials: readonly FrozenTrial[]): number {
    const wanted = Object.entries(paramsOf(this.task.base));
    const isDefault = ({ state, params }: FrozenTrial) =>
      state === "COMPLETE" && wanted.every(([name, value]) => params[name] === value);
    return trials.find(isDefault)?.number ?? -1;
  }

  /** Runs trials, the defaults first. @param onChange Called often; it must be quick */
  async run(trials: number, jobs: number, signal: AbortSignal, onChange: () => void): Promise<void> {
    await navigator.locks.request(this.#lock, { mode: "shared" }, async () => {
      this.#study ??= await createStudy({
        name: this.#name,
        storage: this.#journal,
        loadIfExists: true,
        ...this.#parts(),
      });
      await this.#study.enqueueTrial(paramsOf(this.task.base), { skipIfExists: true });
      await this.#study.optimize((trial) => this.#objective(trial, onChange), {
        trials,
        jobs,
        signal,
        callbacks: [
          () => {
            this.#forget();
            onChange();
          },
        ],
      });
    });
  }

  /** The weights of a trial; one of an earlier visit is trained again, to the same ones. */
  async weightsOf(trial: FrozenTrial): Promise<Weights> {
    const known = this.#weights.get(trial.number);
    if (known) return known;
    const weights = await this.#seats.lend((seat) => seat.train(this.#job(trial), async () => true));
    this.#weights.set(trial.number, weights!);
    return weights!;
  }

  /** What a trial's model makes of the held-out part. */
  async heldOut(trial: FrozenTrial) {
    const weights = await this.weightsOf(trial);
    return this.#seats.lend((seat) => seat.forecast(this.#job(trial), weights));
  }

  /** Deletes the study. @throws Error while another tab works on it */
  async delete(): Promise<void> {
    await navigator.locks.request(this.#lock, { ifAvailable: true }, async (lock) => {
      if (!lock) throw new Error("Another tab searches in this study; stop it first.");
      await deleteStudy({ name: this.#name, storage: this.#journal });
    });
  }

  #job({ params }: FrozenTrial) {
    return { series: this.task.series, settings: settingsOf(params, this.task.base) };
  }

  /** The least validation loss of a trial's epochs. */
  async #objective(trial: Trial, onChange: () => void): Promise<number> {
    const settings = suggestSettings(trial, this.space, this.task.base);
    let best = Number.POSITIVE_INFINITY;
    let pruned = false;
    const weights = await this.#seats
      .lend((seat) =>
        seat.train({ series: this.task.series, settings }, async (epoch, loss) => {
          best = Math.min(best, loss);
          trial.report(best, epoch);
          onChange();
          pruned = await trial.shouldPrune();
          return !pruned && !trial.signal.aborted;
        }),
      )
      .catch((error: unknown) => {
        // A loss that is no number ends the trial, as it ends the training.
        if ((error as Error).name === DivergedError.name && Number.isFinite(best))
          throw new TrialPruned("diverged");
        throw error;
      });
    trial.signal.throwIfAborted();
    if (pruned) throw new TrialPruned();
    this.#weights.set(trial.number, weights!);
    return best;
  }

  /** Keeps the weights of the best trial and of the defaults alone. */
  #forget(): void {
    const trials = this.trials;
    const kept = [bestOf(trials, "minimize"), this.defaultsOf(trials)];
    for (const number of this.#weights.keys()) if (!kept.includes(number)) this.#weights.delete(number);
  }
}
