/** Compares versions with the plain one on random numbers. Loads on demand, and imports types alone. */
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { CloseChoice } from "../ops/choice.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import type { Program } from "./program.ts";

/** Largest difference of a value, as a share of its operand's largest: rounding and drivers' functions are far below it. */
const MOST_ERROR = 1e-3;

/** The operands of dispatches, with the names that kernels have for each. */
function operandsOf(dispatches: readonly Dispatch[]): Map<Operand, Set<string>> {
  const operands = new Map<Operand, Set<string>>();
  for (const { bindings } of dispatches) {
    for (const [name, operand] of Object.entries(bindings)) {
      if (!operand) continue;
      const { root } = operand.storage;
      operands.set(root, (operands.get(root) ?? new Set()).add(name));
    }
  }
  return operands;
}

/** Numbers that are the same every time, uniform in ±`bound`. */
function randomNumbers(count: number, bound: number, seed: number): Float32Array {
  let state = seed + 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return bound * (state / 2 ** 31);
  });
}

/** Random values of an operand: weights that keep states from growing, lengths of at most four steps, anything else in ±1. */
function valuesOf(
  { elements, shape }: Operand,
  names: ReadonlySet<string>,
  isWeight: boolean,
  slots: number | undefined,
  seed: number,
): Float32Array {
  const values = randomNumbers(elements, isWeight ? 1 / Math.sqrt(shape[0]!) : 1, seed);
  if (names.has("lengths")) return values.map((value) => Math.ceil(2 + 2 * value));
  if (slots === undefined) return values;
  const width = shape.at(-1)!;
  return values.map((value, i) => ((slots >> (i % width)) & 1 ? value : 0));
}

/** The largest difference as a share of the largest value; infinite where only one is NaN. */
function difference(got: Float32Array, wanted: Float32Array): number {
  let [largest, most] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    if (Object.is(got[i], value)) continue;
    const error = Math.abs(got[i]! - value);
    if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, error);
  }
  for (const value of wanted) largest = Math.max(largest, Math.abs(value));
  return most === 0 ? 0 : most / largest;
}

/**
 * What is wrong with the versions of a choice, by version; nothing for those that agree with the plain one.
 * @param makeProgram Makes a program of dispatches, with buffers for some operands.
 */
export async function faultsOf(
  context: GpuContext,
  { plain, dispatches, weight, slots, results }: NonNullable<CloseChoice["proof"]>,
  makeProgram: (dispatches: readonly Dispatch[], placed: ReadonlyMap<Tensor, BufferRange>) => Program,
): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  const compiled = Object.entries(dispatches).map(async ([version, list]) => {
    try {
      await context.kernels.compile(list.map(({ kernel }) => kernel));
    } catch (error) {
      context.check("device.compile");
      if (version === plain) throw error;
      faults.set(version, (error as Error).message);
    }
  });
  await Promise.all(compiled);
  const others = Object.keys(dispatches).filter((version) => version !== plain && !faults.has(version));
  // What versions have in common; the rest are intermediates of one of them.
  const all = others.map((version) => operandsOf(dispatches[version]!));
  const own = operandsOf(dispatches[plain]!);
  const common = [...own].flatMap(([operand, names]) => {
    const given = all.flatMap((operands) => [...(operands.get(operand) ?? [])]);
    return given.length > 0 ? [{ operand, names: new Set([...names, ...given]) }] : [];
  });
  const attempt = context.faults.attempt("device.compile");
  try {
    const values = common.map(({ operand, names }, i) =>
      valuesOf(operand, names, operand === weight, slots.get(operand), i),
    );
    const buffers = attempt.run(() =>
      common.map(({ operand }) => context.allocate("activation", operand.elements * 4, "comparison")),
    );
    const placed = new Map(
      common.map(({ operand }, i) => {
        const buffer = buffers[i]!;
        return [operand as Tensor, { buffer, offset: 0, bytes: buffer.bytes }];
      }),
    );
    const run = async (version: string) => {
      const program = attempt.run(() => makeProgram(dispatches[version]!, placed));
      try {
        await attempt.accepted();
        for (const [i, buffer] of buffers.entries()) context.write(buffer, 0, values[i]!);
        program.replay(true);
        const read = common.map(async ({ operand, names }, i) => ({
          name: [...names].join(" or "),
          values: results.includes(operand)
            ? await program.staging.read(buffers[i]!, 0, operand.elements)
            : new Float32Array(),
        }));
        return await Promise.all(read);
      } finally {
        program.dispose();
      }
    };
    const wanted = await run(plain);
    for (const version of others) {
      const got = await run(version);
      for (const [i, { name, values }] of got.entries()) {
        const error = difference(values, wanted[i]!.values);
        if (error > MOST_ERROR)
          faults.set(version, `${name} differs by ${error.toPrecision(3)} of its largest value`);
      }
    }
    return faults;
  } finally {
    attempt.undo();
  }
}
