/** What the numbers of a trainer's state can be, by what they count. A file may hold any others. */
import { isObject, shorten, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import { Generator } from "../random.ts";
import type { TrainerState } from "./state.ts";

/** The steps that have random numbers. */
const STEPS = ["train", "evaluate", "predict"];

/** Throws a DataError unless a run can go on from this state, which a file had. */
export function checkState(state: TrainerState): void {
  const { epoch, batch, batches, updates, skipped, loss, pass, start, steps, history } = state;
  checkCount("epoch", epoch, 1);
  checkHistory(history, epoch);
  if (batches !== null) checkCount("batches", batches, 1);
  checkCount("batch", batch, 0, batches, "the batches of an epoch");
  checkCount("updates", updates, 0, batch, "the batches that they follow");
  checkCount("skipped", skipped, 0, batch - updates, "the batches that no update follows");
  checkSeconds("seconds", state.seconds);
  checkLoss(loss, batch);
  checkObject("pass", pass);
  if (pass.batches !== null) checkCount("pass.batches", pass.batches, 1);
  checkCount("pass.done", pass.done, 0, pass.batches, "the batches of a pass");
  const run = batches === null ? batch : (epoch - 1) * batches + batch;
  checkCount("pass.done", pass.done, 0, run, "the batches of all epochs so far");
  if (batches === null && pass.done !== batch) {
    throw new DataError(
      `pass.done must be ${batch}, as an epoch whose batches are not known is one pass, got ${pass.done}`,
    );
  }
  const generator = new Generator(0);
  checkObject("start", start);
  for (const random of [state.random, start.random]) generator.setState(random);
  checkObject("steps", steps);
  for (const [name, random] of Object.entries(steps)) {
    if (!STEPS.includes(name)) {
      throw new DataError(`steps must be some of ${STEPS.join(", ")}, got ${show(name)}`);
    }
    checkObject(name, random);
    if (random.seed !== null) checkCount(`${name}: seed`, random.seed, 0, 2 ** 32 - 1, "a seed of 32 bits");
    checkCount(`${name}: runs`, random.runs, 0);
  }
}

/** What a run has in its data. */
export interface DataLengths {
  /** Batches in a pass, where the loader knows. */
  readonly length: number | undefined;
  /** Batches in an epoch that does not end with the pass. */
  readonly batchesPerEpoch: number | undefined;
}

/** Throws a DataError if a run over this data cannot be where the state says. Nothing has been changed then. */
export function checkPosition(where: string, { batch, pass }: TrainerState, data: DataLengths): void {
  const { length, batchesPerEpoch } = data;
  const refuse = (said: string, possible: string) =>
    new DataError(
      `${where}: the checkpoint was taken after ${said}, ${possible}; give it the same data, batch size and batchesPerEpoch`,
    );
  const inEpoch = batchesPerEpoch ?? length;
  if (inEpoch !== undefined && batch > inEpoch) {
    throw refuse(`${batch} batches of an epoch`, `now an epoch has ${inEpoch}`);
  }
  if (length !== undefined && pass.done > length) {
    throw refuse(`${pass.done} batches of a pass`, `the loader has ${length}`);
  }
  if (batchesPerEpoch === undefined && pass.done !== batch) {
    throw refuse(
      `${pass.done} batches of a pass and ${batch} of an epoch`,
      "now an epoch is a pass, so that the two are equal",
    );
  }
}

/** @param most The greatest value possible; `null` where nothing bounds it. */
function checkCount(
  name: string,
  value: unknown,
  least: number,
  most: number | null = null,
  what = "",
): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    throw new DataError(`${name} must be an integer of at least ${least}, got ${show(value)}`);
  }
  const bound = most ?? Number.MAX_SAFE_INTEGER;
  if ((value as number) <= bound) return;
  throw new DataError(
    `${name} must be at most ${bound}${what && most !== null ? `, ${what}` : ""}, got ${value}`,
  );
}

function checkNumber(name: string, value: unknown): void {
  if (typeof value !== "number") throw new DataError(`${name} must be a number, got ${show(value)}`);
}

function checkSeconds(name: string, value: unknown): void {
  checkNumber(name, value);
  if (Number.isFinite(value) && (value as number) >= 0) return;
  throw new DataError(`${name} must be a finite number of at least 0, got ${value}`);
}

function checkObject(name: string, value: unknown): void {
  if (!isObject(value)) throw new DataError(`${name} must be an object, got ${show(value)}`);
}

/** The sums over `batch` batches. The loss may be NaN or infinite. */
function checkLoss(loss: TrainerState["loss"], batch: number): void {
  checkObject("loss", loss);
  const { sum, weight } = loss;
  checkNumber("loss.sum", sum);
  checkNumber("loss.weight", weight);
  if (!Number.isFinite(weight) || weight < 0) {
    throw new DataError(`loss.weight must be a finite number of at least 0, got ${weight}`);
  }
  // Batches that were skipped have no weight.
  if (weight === 0 && sum !== 0) throw new DataError(`loss.sum must be 0 with weight 0, got ${sum}`);
  if (batch === 0 && (sum !== 0 || weight !== 0)) {
    throw new DataError(
      `loss must be 0 with weight 0 before the first batch, got ${sum} with weight ${weight}`,
    );
  }
}

/** Throws unless these are the reports of the epochs before `epoch`. */
function checkHistory(history: unknown, epoch: number): void {
  if (!Array.isArray(history)) throw new DataError(`history must be a list of reports, got ${show(history)}`);
  for (const [i, report] of history.entries()) {
    checkObject(`history[${i}]`, report);
    checkCount("history: epoch", report.epoch, 1);
    if (report.epoch !== i + 1) {
      throw new DataError(`history: epoch must be ${i + 1}, counted from 1 on, got ${report.epoch}`);
    }
    const { metrics, validationLoss, learningRate } = report;
    if (metrics !== undefined) checkObject("history: metrics", metrics);
    const numbers = {
      loss: report.loss,
      validationLoss,
      learningRate,
      stepsPerSecond: report.stepsPerSecond,
    };
    for (const [name, value] of [...Object.entries(numbers), ...Object.entries(metrics ?? {})]) {
      const isOptional = name === "validationLoss" || name === "learningRate";
      if (!isOptional || value !== undefined) checkNumber(`history: ${shorten(name)}`, value);
    }
    checkCount("history: steps", report.steps, 0);
    if (report.skipped !== undefined) checkCount("history: skipped", report.skipped, 0);
    checkSeconds("history: seconds", report.seconds);
  }
  if (history.length === epoch - 1) return;
  throw new DataError(
    `epoch must be ${history.length + 1}, as the history has ${history.length} epochs before it, got ${epoch}`,
  );
}
