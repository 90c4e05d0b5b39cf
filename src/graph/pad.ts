import { checkNoMore, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { PAD_MODES, type PadMode, pad as padOp } from "../ops/tensor/pad.ts";
import { showShape } from "../shape.ts";
import { record, type Value } from "./functions.ts";

/** Tensor.pad: one dimension after the other, from the last on. `where` is the public call. */
export function pad<T extends Value<T>>(
  where: string,
  x: T,
  padding: readonly number[],
  mode: PadMode,
  value: number,
  more: readonly unknown[] = [],
): T {
  checkNoMore(where, more);
  const rank = x.shape.length;
  if (
    !Array.isArray(padding) ||
    padding.length % 2 !== 0 ||
    padding.length > 2 * rank ||
    !padding.every(Number.isInteger)
  ) {
    throw new ShapeError(
      `${where}: padding must be an array of two integers for each padded dimension, the last dimension first, at most ${rank} pairs ` +
        `for ${showShape(x.shape)}, got ${show(padding)}`,
    );
  }
  if (!PAD_MODES.includes(mode)) {
    throw new OptionError(`${where}: mode must be one of ${PAD_MODES.join(", ")}, got ${show(mode)}`);
  }
  if (typeof value !== "number") {
    throw new OptionError(`${where}: value must be a number, got ${show(value)}`);
  }
  if (mode !== "constant" && value !== 0) {
    throw new OptionError(`${where}: value is for mode "constant", got ${show(value)} with ${show(mode)}`);
  }
  let padded = x;
  for (let i = 0; i < padding.length; i += 2) {
    const [before, after] = padding.slice(i, i + 2) as [number, number];
    const dim = rank - 1 - i / 2;
    if (before === 0 && after === 0) continue;
    checkAmounts(where, x.shape[dim]!, dim, before, after, mode);
    if (mode === "circular" && Math.min(before, after) < 0 && Math.max(before, after) > 0) {
      // What is taken away at one end does not come round at the other.
      const [less, more] = [Math.min(before, 0), Math.min(after, 0)];
      padded = record(where, padOp, [padded], { dim, before: less, after: more, mode, value });
      const left = { before: Math.max(before, 0), after: Math.max(after, 0) };
      checkAmounts(where, padded.shape[dim]!, dim, left.before, left.after, mode);
      padded = record(where, padOp, [padded], { dim, ...left, mode, value });
    } else padded = record(where, padOp, [padded], { dim, before, after, mode, value });
  }
  return padded;
}

/** Throws a ShapeError for amounts that a dimension cannot be padded by. */
function checkAmounts(
  where: string,
  size: number,
  dim: number,
  before: number,
  after: number,
  mode: PadMode,
): void {
  const most = mode === "reflect" ? size - 1 : mode === "circular" ? size : Number.POSITIVE_INFINITY;
  if (Math.max(before, after) > most) {
    throw new ShapeError(
      `${where}: mode ${mode} can add at most ${most} at an end of dim ${dim} with ${size} elements, got ${before} and ${after}`,
    );
  }
  if (size + before + after < 1) {
    throw new ShapeError(
      `${where}: padding ${before} and ${after} leaves nothing of dim ${dim} with ${size} elements`,
    );
  }
}
