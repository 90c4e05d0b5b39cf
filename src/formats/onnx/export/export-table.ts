import { quote } from "../../../checks.ts";
import type { ForwardNode } from "../../../graph/tensor.ts";
import { isRecurrentOp } from "../../../ops/recurrent/layer.ts";
import type { Context } from "./context.ts";
import { functions } from "./functions.ts";
import { type Export, type ExportEntry, ops } from "./ops.ts";
import { exportRecurrent, ordered } from "./recurrent.ts";
import { windows } from "./windows.ts";

/** Every op that is written, except those of recurrent layers. */
export const entries: ReadonlyMap<string, ExportEntry> = new Map(
  [...ops, ...functions, ...windows, ordered].map((entry) => [entry[0], entry]),
);

/** What PyTorch calls ops that have another name here. */
const names = new Map([
  ["choose", "where"],
  ["extreme", "amax or amin"],
  ["argExtreme", "argmax or argmin"],
  ["batch_norm", "batch normalization by the batch's own statistics"],
  ["mask_steps", "padPackedSequence"],
]);

/**
 * How an op is written. Throws for an op that is not, and for attributes that depend on the dynamic sizes where the file would have those of
 * the first trace.
 */
export function exportOf(context: Context, { op }: ForwardNode, attributes: readonly unknown[]): Export {
  if (isRecurrentOp(op)) return exportRecurrent;
  const [first, ...others] = attributes as readonly (Readonly<Record<string, unknown>> | undefined)[];
  const kind = first?.["kind"];
  const name = quote(typeof kind === "string" ? kind : (names.get(op.name) ?? op.name), 60);
  const entry = entries.get(op.name);
  if (!entry) {
    throw context.refuse(
      `ONNX has no operator for ${name} here; docs/formats.md lists those that are written`,
    );
  }
  const [, write, varying = []] = entry;
  for (const [key, value] of Object.entries(first ?? {})) {
    if (varying.includes(key) || others.every((own) => isSame(own![key], value))) continue;
    throw context.refuse(
      `a number that ${name} takes depends on the dynamic sizes; save the model with fixed sizes`,
    );
  }
  return write;
}

/** Whether two attributes are the same: numbers, texts, or lists of them. */
function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((item, i) => Object.is(item, b[i]));
}
