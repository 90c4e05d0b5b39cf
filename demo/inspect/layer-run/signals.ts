/** The input of a model: generated or pasted. */
import { Generator } from "webgpu-lstm";
import { indicesOf } from "../file/model-inputs.ts";

/** Maximum number of steps, since the gates are computed on the CPU. */
export const MOST_STEPS = 256;

export type SignalKind = "sine" | "step" | "noise" | "text" | "pasted";

/** A sequence [steps, features] in float32. */
export interface Signal {
  readonly data: Float32Array;
  readonly steps: number;
}

/** The sine's period in steps. */
const PERIOD = 24;

/**
 * A sine of 24 steps with a phase shift for each feature; a step from 0 to 1 after a quarter; or uniform noise
 * in ±1, which is the same at every call.
 */
export function makeSignal(
  kind: Exclude<SignalKind, "text" | "pasted">,
  steps: number,
  features: number,
): Signal {
  if (kind === "noise") {
    return { data: new Generator(0).uniform_(new Float32Array(steps * features), -1, 1), steps };
  }
  const at = (t: number, k: number) =>
    kind === "sine" ? Math.sin(2 * Math.PI * (t / PERIOD - k / features)) : t < steps / 4 ? 0 : 1;
  const data = Float32Array.from({ length: steps * features }, (_, i) =>
    at(Math.floor(i / features), i % features),
  );
  return { data, steps };
}

/** The rows of an embedding for the characters of a text. */
export function textSignal(
  text: string,
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
): Signal {
  const [entries, features] = shape as [number, number];
  const indices = indicesOf(text, entries);
  if (indices.length > MOST_STEPS) {
    throw new Error(`That is ${indices.length} characters; at most ${MOST_STEPS} are shown. Write fewer.`);
  }
  const rows = new Float32Array(indices.length * features);
  for (const [t, index] of indices.entries()) {
    rows.set(data.subarray(index * features, (index + 1) * features), t * features);
  }
  return { data: rows, steps: indices.length };
}

/**
 * Reads numbers from text: a line for each step and a column for each feature, separated by commas, semicolons or blanks. With one
 * feature, line breaks do not matter.
 * @throws Error in words for the visitor.
 */
export function parseSignal(text: string, features: number): Signal {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.split(/[\s,;]+/).filter(Boolean))
    .filter((fields) => fields.length > 0);
  if (lines.length === 0) throw new Error("Paste some numbers first.");
  const rows = features === 1 ? lines.flat().map((field) => [field]) : lines;
  const short = rows.findIndex((fields) => fields.length !== features);
  if (short >= 0) {
    throw new Error(
      `Line ${short + 1} has ${rows[short]!.length} numbers; this model takes ${features} at each step, so each line needs ${features}.`,
    );
  }
  if (rows.length > MOST_STEPS) {
    throw new Error(`That is ${rows.length} steps; at most ${MOST_STEPS} are shown. Paste fewer.`);
  }
  const fields = rows.flat();
  const data = Float32Array.from(fields, Number);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new Error(`“${fields[bad]!.slice(0, 20)}” is no number that float32 can hold.`);
  return { data, steps: rows.length };
}
