/** NaN, infinities and the ends of float32's range in tests: how they reach the GPU, and what counts as PyTorch's result. */
import { expect } from "vitest";
import { type CompiledStep, type Device, grad, type NDArray, type Shape, type Tensor } from "webgpu-lstm";
import type { GoldenTensor } from "../golden-case.ts";
import { budgetUsed } from "./closeness.ts";

/** A step refuses host data that is not finite, so it is given as quotients: 0/0 is NaN, ±1/0 is infinite. */
export function quotientsOf(inputs: ReadonlyMap<string, NDArray>): Record<string, NDArray> {
  return Object.fromEntries(
    [...inputs].flatMap(([name, { data, shape }]) => [
      [
        `${name}.over`,
        { data: data.map((x) => (Number.isFinite(x) ? x : Number.isNaN(x) ? 0 : Math.sign(x))), shape },
      ],
      [`${name}.under`, { data: data.map((x) => Number(Number.isFinite(x))), shape }],
    ]),
  );
}

type Tensors = Readonly<Record<string, Tensor>>;

/** A step over inputs that need not be finite. */
export class UnusualStep {
  readonly #step: CompiledStep;

  private constructor(step: CompiledStep) {
    this.#step = step;
  }

  /** As `device.compile`, where `trace` gets the inputs. */
  static async compile(
    device: Device,
    shapes: ReadonlyMap<string, Shape>,
    trace: (inputs: Tensors) => Tensors,
    options: Omit<Parameters<Device["compile"]>[1], "inputs"> = {},
  ): Promise<UnusualStep> {
    const names = [...shapes.keys()];
    const step = await device.compile(
      (given) =>
        trace(
          Object.fromEntries(
            names.map((name) => [name, given[`${name}.over`]!.div(given[`${name}.under`]!)]),
          ),
        ),
      {
        ...options,
        inputs: Object.fromEntries(
          [...shapes].flatMap(([name, shape]) => [
            [`${name}.over`, shape],
            [`${name}.under`, shape],
          ]),
        ),
      },
    );
    return new UnusualStep(step);
  }

  async run(inputs: ReadonlyMap<string, NDArray>): Promise<Map<string, NDArray>> {
    const results = Object.entries(this.#step.run(quotientsOf(inputs)));
    return new Map(
      await Promise.all(results.map(async ([name, result]) => [name, await result.read()] as const)),
    );
  }

  describe(): Promise<string> {
    return this.#step.describe();
  }

  dispose(): void {
    this.#step.dispose();
  }
}

/** The gradients of Σ out·weights, over all pairs of the two, by name, as `grad.name`. */
export function gradients(
  pairs: readonly (readonly [out: Tensor, weights: Tensor])[],
  wanted: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const sum = pairs.map(([out, weights]) => out.mul(weights).sum()).reduce((a, b) => a.add(b));
  const list = grad(sum, [...wanted.values()]);
  return Object.fromEntries([...wanted.keys()].map((name, i) => [`grad.${name}`, list[i]!]));
}

/** How a value is not finite; "" if it is. */
const kindOf = (value: number) => (Number.isFinite(value) ? "" : String(value));

/**
 * A sentence about the values that are not PyTorch's, nor PyTorch's with subnormal numbers flushed to zero, which WebGPU permits: not the same NaN or
 * infinity, or beyond the usual budget.
 * @param factor The budget in multiples of the usual one.
 */
export function faultsOf(
  what: string,
  { data, shape }: NDArray,
  plain: GoldenTensor,
  flushed: GoldenTensor = plain,
  factor = 1,
): string[] {
  expect(shape, what).toEqual(plain.shape);
  const expected = plain.data.map((value, i) => {
    const other = flushed.data[i]!;
    const isOther =
      kindOf(value) === kindOf(other)
        ? Math.abs(data[i]! - other) < Math.abs(data[i]! - value)
        : kindOf(data[i]!) === kindOf(other);
    return isOther ? other : value;
  });
  const wrong = [...expected.keys()].filter((i) => kindOf(expected[i]!) !== kindOf(data[i]!));
  if (wrong.length > 0) {
    const [i] = wrong as [number];
    return [
      `${what}: ${wrong.length} of ${data.length}, first [${i}] is ${data[i]}, PyTorch's ${expected[i]}`,
    ];
  }
  const finite = (x: number) => (Number.isFinite(x) ? x : 0);
  const wanted: GoldenTensor = { dtype: "F64", data: expected.map(finite), shape };
  const used = budgetUsed(data.map(finite), wanted);
  return used <= factor ? [] : [`${what}: ${used} times the budget`];
}
