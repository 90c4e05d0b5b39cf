/**
 * Sequences of different lengths, as `torch.nn.utils.rnn`
 * (https://docs.pytorch.org/docs/stable/nn.html#utilities).
 * @packageDocumentation
 */
import { checkBoolean, checkNoMore, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError, ShapeError } from "../../errors.ts";
import { checkOnTheWayIn, originOf } from "../../graph/input-checks.ts";
import { tensor } from "../../graph/literal.ts";
import { apply, Tensor } from "../../graph/tensor.ts";
import { maskSteps } from "../../ops/recurrent/mask-steps.ts";
import { padSequences } from "../../ops/recurrent/pad-sequences.ts";
import { sameShape, showShape, sizeOf } from "../../shape.ts";
import { PackedSequence } from "./packed-sequence.ts";

export { PackedSequence } from "./packed-sequence.ts";

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** Whether the input is [N, T, *] instead of [T, N, *]. Default false. */
  readonly batchFirst?: boolean;
  /** Whether the lengths must descend. Nothing here depends on it, but PyTorch's default, true, makes unsorted lengths throw. */
  readonly enforceSorted?: boolean;
}

/**
 * Gives a padded batch the lengths of its sequences. What lies past a sequence's end is never read, and may be NaN.
 * @param input [T, N, *], or with `batchFirst` [N, T, *]
 * @param lengths Length of each sequence, from 1 to T: an input of the traced function, [N], checked before every run; or numbers,
 * the same in every run.
 * @throws {@link ShapeError} or {@link OptionError} for unsuitable arguments; {@link DataError} for a length of 0, one over T, or
 * lengths that do not descend despite `enforceSorted`; from `step.run` if the lengths are an input.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  options: PackOptions = {},
  ...more: never[]
): PackedSequence {
  const where = "packPaddedSequence";
  checkOptions(where, options, ["batchFirst", "enforceSorted"], more);
  const { batchFirst = false, enforceSorted = true } = options;
  checkBoolean(where, "batchFirst", batchFirst);
  checkBoolean(where, "enforceSorted", enforceSorted);
  checkTensor(where, input, 2);
  const data = batchFirst ? input.transpose(0, 1) : input;
  const [T, N] = data.shape as [number, number];
  const complain = (values: ArrayLike<number>) => complainOfLengths(values, T, enforceSorted);
  if (lengths instanceof Tensor) {
    if (lengths.shape.length !== 1 || lengths.shape[0] !== N) {
      throw new ShapeError(
        `${where}: lengths must be [${N}], one a sequence, got ${showShape(lengths.shape)}`,
      );
    }
    checkOnTheWayIn(lengths, (values) => {
      const complaint = complain(values);
      return complaint && `${where}: ${complaint}`;
    });
    return new PackedSequence(withoutPadding(where, data, lengths, null), lengths, null);
  }
  const known = toNumbers(where, lengths);
  if (known.length !== N) {
    throw new ShapeError(`${where}: lengths must be ${N} numbers, one a sequence, got ${known.length}`);
  }
  const complaint = complain(known);
  if (complaint) throw new DataError(`${where}: ${complaint}`);
  const fixed = tensor(known);
  return new PackedSequence(withoutPadding(where, data, fixed, known), fixed, known);
}

/** Sequences with zeros past the end of each, whatever is there: NaN times a gradient of zero would be NaN. */
function withoutPadding(
  where: string,
  data: Tensor,
  lengths: Tensor,
  known: readonly number[] | null,
): Tensor {
  const origin = originOf(data);
  if (origin?.input.checks) {
    const { input, positions } = origin;
    const [, N] = data.shape as [number, number];
    const width = sizeOf(data.shape.slice(2));
    input.readPart ??= (values, given) => {
      const ends = known ?? given.get(lengths);
      const read = values.slice();
      for (let i = 0; i < data.elements; i++) {
        const row = Math.floor(i / width);
        // Lengths that are computed on the GPU are unknown here.
        if (!ends || row / N >= ends[row % N]!) read[positions ? positions[i]! : i] = 0;
      }
      return read;
    };
  }
  return apply(where, maskSteps, [data, lengths], { value: 0 })[0]!;
}

/** Options of {@link padPackedSequence}. */
export interface PadPackedOptions {
  /** Whether the output is [N, T, *] instead of [T, N, *]. Default false. */
  readonly batchFirst?: boolean;
  /** Value past each sequence's end. Default 0. */
  readonly paddingValue?: number;
  /**
   * Steps of the output, at least the longest sequence's. Defaults to the steps of the padded batch that was packed, because the
   * longest sequence of a run is unknown when the program is planned.
   */
  readonly totalLength?: number;
}

/** The inverse of {@link packPaddedSequence}: the padded batch and the given lengths. */
export function padPackedSequence(
  sequence: PackedSequence,
  options: PadPackedOptions = {},
  ...more: never[]
): { output: Tensor; lengths: Tensor } {
  const where = "padPackedSequence";
  checkPacked(where, sequence);
  checkOptions(where, options, ["batchFirst", "paddingValue", "totalLength"], more);
  const { batchFirst = false, paddingValue = 0, totalLength } = options;
  checkBoolean(where, "batchFirst", batchFirst);
  checkPaddingValue(where, paddingValue);
  const { data, lengths, knownLengths } = sequence;
  const T = data.shape[0]!;
  const total = totalLength ?? (knownLengths ? Math.max(...knownLengths) : T);
  if (!Number.isInteger(total) || total < 1) {
    throw new OptionError(`${where}: totalLength must be a positive integer, got ${show(totalLength)}`);
  }
  const complain = (values: ArrayLike<number>) => {
    const longest = Math.max(...Array.from(values));
    return longest > total
      ? `totalLength must be at least the longest length, ${longest}, got ${total}`
      : null;
  };
  if (knownLengths) {
    const complaint = complain(knownLengths);
    if (complaint) throw new OptionError(`${where}: ${complaint}`);
  } else if (total < T) {
    checkOnTheWayIn(lengths, (values) => {
      const complaint = complain(values);
      return complaint && `${where}: ${complaint}`;
    });
  }
  const steps = total < T ? data.slice(0, 0, total) : data;
  const masked = apply(where, maskSteps, [steps, lengths], { value: paddingValue })[0]!;
  const padded = total > T ? extend(where, masked, total, paddingValue) : masked;
  return { output: batchFirst ? padded.transpose(0, 1) : padded, lengths };
}

/** Appends steps of `value` to [T, N, *]. */
function extend(where: string, sequence: Tensor, total: number, value: number): Tensor {
  const [padded] = apply(where, padSequences, [sequence], { steps: total, value });
  return padded!.squeeze(1);
}

/**
 * Stacks sequences into one batch, each padded to the longest.
 * @param sequences [length, *] each
 * @returns [T, N, *], or with `batchFirst` [N, T, *]
 */
export function padSequence(
  sequences: readonly Tensor[],
  options: { readonly batchFirst?: boolean; readonly paddingValue?: number } = {},
  ...more: never[]
): Tensor {
  const where = "padSequence";
  checkOptions(where, options, ["batchFirst", "paddingValue"], more);
  const { batchFirst = false, paddingValue = 0 } = options;
  checkBoolean(where, "batchFirst", batchFirst);
  checkPaddingValue(where, paddingValue);
  const padded = pad(where, sequences, paddingValue);
  return batchFirst ? padded.transpose(0, 1) : padded;
}

/**
 * Packs sequences into one batch, with the tensors' lengths.
 * @param sequences [length, *] each; with `enforceSorted`, the default, in descending order of length.
 */
export function packSequence(
  sequences: readonly Tensor[],
  options: { readonly enforceSorted?: boolean } = {},
  ...more: never[]
): PackedSequence {
  const where = "packSequence";
  checkOptions(where, options, ["enforceSorted"], more);
  const { enforceSorted = true } = options;
  checkBoolean(where, "enforceSorted", enforceSorted);
  const padded = pad(where, sequences, 0);
  const lengths = sequences.map(({ shape }) => shape[0]!);
  const complaint = complainOfLengths(lengths, padded.shape[0]!, enforceSorted);
  if (complaint) throw new DataError(`${where}: ${complaint}`);
  return new PackedSequence(padded, tensor(lengths), lengths);
}

/**
 * Splits a packed batch into its sequences, [length, *] each.
 * @throws {@link OptionError} if the lengths are an input, since a tensor's shape must be known before any run.
 */
export function unpackSequence(sequence: PackedSequence, ...more: never[]): Tensor[] {
  const where = "unpackSequence";
  checkNoMore(where, more);
  checkPacked(where, sequence);
  const { data, knownLengths } = sequence;
  if (!knownLengths) {
    throw new OptionError(
      `${where}: the lengths are an input of the traced function, and shapes cannot depend on it; use padPackedSequence, or ` +
        "pack with the lengths as numbers",
    );
  }
  return knownLengths.map((length, n) => data.select(1, n).slice(0, 0, length));
}

/** Pads sequences of any lengths to [T, N, *]. */
function pad(where: string, sequences: readonly Tensor[], value: number): Tensor {
  if (!Array.isArray(sequences) || sequences.length === 0) {
    throw new OptionError(`${where}: expected an array of at least one tensor, got ${show(sequences)}`);
  }
  for (const sequence of sequences) checkTensor(where, sequence, 1);
  const features = sequences[0]!.shape.slice(1);
  const other = sequences.find(({ shape }) => !sameShape(shape.slice(1), features));
  if (other) {
    throw new ShapeError(
      `${where}: all sequences must have the same sizes after the first, got ${showShape(sequences[0]!.shape)} and ` +
        showShape(other.shape),
    );
  }
  const steps = Math.max(...sequences.map(({ shape }) => shape[0]!));
  return apply(where, padSequences, sequences, { steps, value })[0]!;
}

function complainOfLengths(values: ArrayLike<number>, T: number, sorted: boolean): string | null {
  for (let i = 0; i < values.length; i++) {
    const length = values[i]!;
    if (!Number.isInteger(length) || length < 1 || length > T) {
      return `every length must be an integer from 1 to ${T}, got ${length} at index ${i}`;
    }
    if (sorted && i > 0 && length > values[i - 1]!) {
      return (
        `with enforceSorted the lengths must descend, got ${length} after ${values[i - 1]} at index ${i}; ` +
        "sort the sequences, or pass { enforceSorted: false }, which costs nothing here"
      );
    }
  }
  return null;
}

function toNumbers(where: string, lengths: unknown): readonly number[] {
  const { length } = (lengths ?? {}) as { length?: unknown };
  if (typeof lengths !== "object" || typeof length !== "number") {
    throw new OptionError(`${where}: lengths must be a tensor or an array of numbers, got ${show(lengths)}`);
  }
  return Array.from(lengths as ArrayLike<number>);
}

function checkTensor(where: string, value: unknown, rank: number): asserts value is Tensor {
  if (value instanceof Tensor && value.shape.length >= rank) return;
  const wanted = rank === 1 ? "[length, *]" : "[T, N, *] or [N, T, *]";
  const got = value instanceof Tensor ? showShape(value.shape) : show(value);
  throw new ShapeError(`${where}: expected a tensor ${wanted}, got ${got}`);
}

function checkPacked(where: string, value: unknown): asserts value is PackedSequence {
  if (value instanceof PackedSequence) return;
  throw new OptionError(
    `${where}: expected a PackedSequence, got ${show(value)}; make one with packPaddedSequence`,
  );
}

function checkPaddingValue(where: string, value: unknown): asserts value is number {
  if (typeof value === "number" && !Number.isNaN(value)) return;
  throw new OptionError(`${where}: paddingValue must be a number, got ${show(value)}`);
}
