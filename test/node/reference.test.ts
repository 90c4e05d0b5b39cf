import { describe, expect, it } from "vitest";
import { CELLS, recurrentForward, type Sizes } from "../../tasks/reference/recurrent.ts";
import type { GoldenCase, GoldenTensor } from "../golden-case.ts";
import { goldens } from "../goldens.ts";
import { problemOf } from "../recurrent-problem.ts";
import { centralDifference, recurrentLoss } from "../reference/recurrent.ts";

/** Converts [N, T, F] to [T, N, F], or back. */
function swapFirstTwo(values: Float64Array, first: number, second: number): Float64Array {
  const features = values.length / (first * second);
  const swapped = new Float64Array(values.length);
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      const from = (a * second + b) * features;
      swapped.set(values.subarray(from, from + features), (b * first + a) * features);
    }
  }
  return swapped;
}

interface Problem {
  readonly sizes: Sizes;
  readonly parameters: Map<string, Float64Array>;
  readonly x: Float64Array;
  readonly initial: { h: Float64Array; c: Float64Array } | undefined;
  readonly target: { output: Float64Array; h: Float64Array; c: Float64Array };
  /** A sequence of the file, in the reference's layout [T, N, …]. */
  readonly timeMajor: (values: Float64Array) => Float64Array;
}

function problem(golden: GoldenCase): Problem {
  const sizes = {
    cell: CELLS.lstm,
    inputSize: golden.number("input_size"),
    hiddenSize: golden.number("hidden_size"),
    numLayers: golden.number("num_layers"),
    seqLen: golden.number("seq_len"),
    batch: golden.number("batch"),
  };
  const swap = golden.boolean("batch_first") && !golden.boolean("unbatched");
  const timeMajor = (values: Float64Array) =>
    swap ? swapFirstTwo(values, sizes.batch, sizes.seqLen) : values.slice();
  const data = (name: string) => golden.tensor(name).data.slice();
  return {
    sizes,
    parameters: new Map(golden.names("param.").map((name) => [name, data(`param.${name}`)])),
    x: timeMajor(data("x")),
    initial: golden.boolean("initial_state") ? { h: data("h0"), c: data("c0") } : undefined,
    target: { output: timeMajor(data("target_output")), h: data("target_h"), c: data("target_c") },
    timeMajor,
  };
}

const loss = (p: Problem) => recurrentLoss(p.sizes, p.parameters, p.x, p.initial, p.target);

/** Largest difference as a share of the largest expected value. */
function relativeError(actual: Float64Array, expected: Float64Array): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < actual.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return difference / (size || 1); // all zero, possible after a ReLU
}

/** float32 goldens are rounded by up to half a unit in the last place. */
const budget = (tensor: GoldenTensor) => (tensor.dtype === "F64" ? 1e-9 : 2 ** -24 + 1e-9);

const cases = goldens("lstm");

describe("the float64 reference LSTM", () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))(
    "computes what PyTorch does: %s",
    (_, golden) => {
      const p = problem(golden);
      const { output, state } = recurrentForward(p.sizes, p.parameters, p.x, p.initial);
      const results: [string, Float64Array, Float64Array][] = [
        ["out.output", output, p.timeMajor(golden.tensor("out.output").data)],
        ["out.h_n", state.h, golden.tensor("out.h_n").data],
        ["out.c_n", state.c, golden.tensor("out.c_n").data],
        ["loss", Float64Array.of(loss(p)), golden.tensor("loss").data],
      ];
      for (const [name, actual, expected] of results) {
        expect(relativeError(actual, expected), name).toBeLessThan(budget(golden.tensor(name)));
      }
    },
  );
});

describe("the float64 reference of every kind of network", () => {
  it.each(goldens("recurrent").map((golden) => [golden.name, golden] as const))(
    "computes what PyTorch does: %s",
    async (_, golden) => {
      const { layer, inputs, sizes } = problemOf(golden);
      const swap = layer.batchFirst && !golden.boolean("unbatched");
      const timeMajor = (values: Float64Array) =>
        swap ? swapFirstTwo(values, sizes.batch, sizes.seqLen) : values.slice();
      const input = (name: string) => Float64Array.from(inputs.get(name)!.data);
      const given = (h: string, c: string) => ({ h: input(h), ...(inputs.has(c) ? { c: input(c) } : {}) });
      const parameters = new Map(
        [...(await layer.stateDict())].map(([name, { data }]) => [name, Float64Array.from(data)]),
      );
      const initial = inputs.has("h0") ? given("h0", "c0") : undefined;
      const target = { ...given("target_h", "target_c"), output: timeMajor(input("target_output")) };
      const x = timeMajor(input("x"));
      const { output, state } = recurrentForward(sizes, parameters, x, initial);
      const results: [string, Float64Array][] = [
        ["out.output", output],
        ["out.h_n", state.h],
        ...(golden.has("out.c_n") ? [["out.c_n", state.c] as [string, Float64Array]] : []),
        ["loss", Float64Array.of(recurrentLoss(sizes, parameters, x, initial, target))],
      ];
      for (const [name, actual] of results) {
        const expected = golden.tensor(name);
        const wanted = name === "out.output" ? timeMajor(expected.data) : expected.data;
        expect(relativeError(actual, wanted), name).toBeLessThan(budget(expected));
      }
    },
  );
});

describe("central differences of the reference", () => {
  const elements = (golden: GoldenCase) =>
    golden.names("grad.").reduce((n, name) => n + size(golden, name), 0);
  const size = (golden: GoldenCase, name: string) => golden.tensor(`grad.${name}`).data.length;
  // Excludes saturated gates, where the loss curves within one difference step.
  const small = cases.filter((golden) => elements(golden) < 1600 && golden.name !== "lstm_saturated");

  it("cover one to three layers, with and without bias and state, batched and unbatched", () => {
    const has = (test: (golden: GoldenCase) => boolean) => small.some(test);
    for (const layers of [1, 2, 3])
      expect(has((golden) => golden.number("num_layers") === layers)).toBe(true);
    for (const option of ["bias", "initial_state", "unbatched", "batch_first"]) {
      for (const value of [true, false])
        expect(
          has((golden) => golden.boolean(option) === value),
          option,
        ).toBe(true);
    }
    expect(has((golden) => golden.number("batch") > 1)).toBe(true);
  });

  it.each(small.map((golden) => [golden.name, golden] as const))(
    "are PyTorch's gradients: %s",
    (_, golden) => {
      const p = problem(golden);
      const variables = new Map([...p.parameters, ["x", p.x]]);
      if (p.initial) variables.set("h0", p.initial.h).set("c0", p.initial.c);
      expect([...variables.keys()].sort()).toEqual(golden.names("grad.").sort());
      for (const [name, values] of variables) {
        const expected = golden.tensor(`grad.${name}`).data;
        const differences = values.map((_, index) => centralDifference(() => loss(p), values, index));
        const wanted = name === "x" ? p.timeMajor(expected) : expected;
        for (let i = 0; i < wanted.length; i++) {
          expect(Math.abs(differences[i]! - wanted[i]!), `${name}[${i}]`).toBeLessThan(
            1e-8 + 1e-7 * Math.abs(wanted[i]!),
          );
        }
      }
    },
  );
});
