import { checkBoolean, checkOptions, listed, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { StudyCore } from "./core.ts";
import { StudyError } from "./errors.ts";
import { type Journal, MemoryJournal } from "./journal.ts";
import { createStudyOp, type Direction, Op, type Operation } from "./operations.ts";
import { Median } from "./pruners/median.ts";
import type { StudyRecord } from "./replay.ts";
import type { Pruner, Sampler } from "./sampler.ts";
import { TPE } from "./samplers/tpe.ts";
import { storageOf } from "./storage.ts";
import { Study } from "./study.ts";

/** Options of {@link loadStudy}. */
export interface LoadStudyOptions {
  /** The study's name; needed where the storage holds several. */
  readonly name?: string;
  /** The journal that holds it. */
  readonly storage: Journal;
  /** By default `samplers.TPE`. */
  readonly sampler?: Sampler;
  /** By default `pruners.Median`. */
  readonly pruner?: Pruner;
}

/** Options of {@link createStudy}. */
export interface CreateStudyOptions extends Omit<LoadStudyOptions, "storage"> {
  /** Where the study is kept. By default in memory. */
  readonly storage?: Journal;
  /** What to make of the objective's value. Default "minimize". */
  readonly direction?: Direction;
  /** For an objective with several values: what to make of each. */
  readonly directions?: readonly Direction[];
  /** Whether to go on with a study of that name, if there is one. Default false. */
  readonly loadIfExists?: boolean;
}

function checkParts(where: string, name: unknown, sampler: unknown, pruner: unknown): void {
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw new OptionError(`${where}: name must be text, got ${show(name)}`);
  if (typeof (sampler as Partial<Sampler>)?.sampleIndependent !== "function")
    throw new OptionError(`${where}: sampler must be one such as new samplers.TPE(), got ${show(sampler)}`);
  if (typeof (pruner as Partial<Pruner>)?.prune !== "function")
    throw new OptionError(`${where}: pruner must be one such as new pruners.Median(), got ${show(pruner)}`);
}

function directionsOf(where: string, { direction, directions }: CreateStudyOptions): readonly Direction[] {
  if (direction !== undefined && directions !== undefined)
    throw new OptionError(`${where}: a study has direction or directions, got both; leave one out`);
  const all: unknown = directions ?? [direction ?? "minimize"];
  const isDirection = (item: unknown) => item === "minimize" || item === "maximize";
  if (!Array.isArray(all) || all.length === 0 || !all.every(isDirection)) {
    throw new OptionError(
      `${where}: ${directions ? "directions must be a list of" : "direction must be"} "minimize" or "maximize", got ${show(directions ?? direction)}`,
    );
  }
  return all as Direction[];
}

/**
 * Makes a study: Optuna's `create_study`.
 *
 * @example
 * const study = await createStudy({ name: "seattle", sampler: new samplers.TPE({ seed: 0 }) });
 * await study.optimize((trial) => trial.suggestFloat("x", -5, 5) ** 2, { trials: 30 });
 * console.log(study.bestValue, study.bestParams);
 *
 * @throws OptionError for options that do not fit; StudyError if the storage has a study of that name; DataError if it is no journal
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.study.create_study.html
 */
export async function createStudy(options: CreateStudyOptions = {}, ...more: never[]): Promise<Study> {
  const where = "createStudy";
  checkOptions(
    where,
    options,
    ["name", "storage", "sampler", "pruner", "direction", "directions", "loadIfExists"],
    more,
  );
  const { name, storage: journal = new MemoryJournal(), loadIfExists = false } = options;
  const { sampler = new TPE(), pruner = new Median() } = options;
  checkParts(where, name, sampler, pruner);
  checkBoolean(where, "loadIfExists", loadIfExists);
  const directions = directionsOf(where, options);
  const storage = storageOf(where, journal);
  await storage.sync();
  // Optuna's prefix for a study without a name.
  const own = name ?? `no-name-${crypto.randomUUID()}`;
  let record = loadIfExists ? storage.replay.study(own) : undefined;
  try {
    record ??= (await storage.write(createStudyOp(own, directions))) as StudyRecord;
  } catch (error) {
    // Another worker may just have created it.
    record = loadIfExists && error instanceof StudyError ? storage.replay.study(own) : undefined;
    if (!record) throw withCall(where, error);
  }
  return new Study(new StudyCore(storage, record, sampler, pruner));
}

/**
 * Opens a study that a storage holds: Optuna's `load_study`.
 *
 * @throws StudyError if the storage has no study of that name, or several and no name is given
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.study.load_study.html
 */
export async function loadStudy(options: LoadStudyOptions, ...more: never[]): Promise<Study> {
  const where = "loadStudy";
  checkOptions(where, options, ["name", "storage", "sampler", "pruner"], more);
  const { name, storage: journal, sampler = new TPE(), pruner = new Median() } = options;
  checkParts(where, name, sampler, pruner);
  const storage = storageOf(where, journal);
  await storage.sync();
  const studies = [...storage.replay.studies.values()];
  const record = name === undefined && studies.length === 1 ? studies[0] : storage.replay.study(name ?? "");
  if (!record) {
    const names = listed(studies.map((study) => show(study.name))) || "none";
    throw new StudyError(
      name === undefined
        ? `${where}: the storage must have one study, or name must say which; it has ${names}`
        : `${where}: the storage has no study ${show(name)}; its studies are ${names}`,
    );
  }
  return new Study(new StudyCore(storage, record, sampler, pruner));
}

/**
 * Removes a study from a storage. Its lines stay in the journal.
 * @throws StudyError if there is none of that name
 */
export async function deleteStudy(
  options: { readonly name: string; readonly storage: Journal },
  ...more: never[]
): Promise<void> {
  const where = "deleteStudy";
  checkOptions(where, options, ["name", "storage"], more);
  const storage = storageOf(where, options.storage);
  await storage.sync();
  const study = storage.replay.study(options.name);
  if (!study) throw new StudyError(`${where}: the storage has no study ${show(options.name)}`);
  const operation: Operation = { op_code: Op.deleteStudy, study_id: study.id };
  await storage.write(operation);
}

function withCall(where: string, error: unknown): unknown {
  return error instanceof StudyError ? new StudyError(`${where}: ${error.message}`, { cause: error }) : error;
}
