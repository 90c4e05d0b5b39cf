/** Results and gradients of a function of tensors against a float64 reference and its difference quotients. */
import { expect } from "vitest";
import { type Device, Generator, grad, type NDArray, type Tensor } from "webgpu-lstm";
import type { Values } from "../reference/convolution.ts";

type Named<T> = Readonly<Record<string, T>>;

/** Allowed difference of a gradient, in multiples of its tensor's largest value, and of a result. */
const BUDGET = 2e-5;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * Draws normal inputs, and compares `traced` with `reference`: every value of the result, and of each wanted input's gradient a few.
 * @param wanted The inputs to differentiate for; all, if not given.
 */
export async function checkGradient(
  device: Device,
  shapes: Named<readonly number[]>,
  traced: (inputs: Named<Tensor>) => Tensor,
  reference: (inputs: Named<Values>) => Float64Array,
  seed: number,
  wanted: readonly string[] = Object.keys(shapes),
): Promise<void> {
  const generator = new Generator(seed);
  const drawn = (shape: readonly number[]): NDArray => ({
    data: generator.normal_(new Float32Array(sizeOf(shape)), 0, 1),
    shape,
  });
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, drawn(shape)]));
  const exact = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, { data: Float64Array.from(data), shape }]),
  );
  const expected = reference(exact);
  const weights = drawn([expected.length]);
  const step = await device.compile(
    (given) => {
      const { weights: factors, ...own } = given as Named<Tensor>;
      const out = traced(own);
      const loss = out.reshape([expected.length]).mul(factors!).sum();
      const gradients = grad(
        loss,
        wanted.map((name) => own[name]!),
      );
      return { out, ...Object.fromEntries(wanted.map((name, i) => [`grad.${name}`, gradients[i]!])) };
    },
    {
      inputs: Object.fromEntries(
        Object.entries({ ...inputs, weights }).map(([name, { shape }]) => [name, shape]),
      ),
    },
  );
  const read = new Map(
    await Promise.all(
      Object.entries(step.run({ ...inputs, weights })).map(
        async ([name, result]) => [name, (await result.read()).data] as const,
      ),
    ),
  );
  step.dispose();

  const largest = (values: ArrayLike<number>) =>
    Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2);
  const out = read.get("out")!;
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(out[i]! - value), `out[${i}]`).toBeLessThan(BUDGET * largest(expected));
  }
  const loss = () => reference(exact).reduce((sum, value, i) => sum + value * weights.data[i]!, 0);
  for (const name of wanted) {
    const gradient = read.get(`grad.${name}`)!;
    const { data } = exact[name]!;
    expect(gradient.length, name).toBe(data.length);
    const picked = Array.from({ length: 8 }, () => generator.random() % data.length);
    for (const index of new Set([0, data.length - 1, ...picked])) {
      const before = data[index]!;
      const step = 1e-4;
      data[index] = before + step;
      const above = loss();
      data[index] = before - step;
      const below = loss();
      data[index] = before;
      const quotient = (above - below) / (2 * step);
      expect(Math.abs(gradient[index]! - quotient), `grad.${name}[${index}] of seed ${seed}`).toBeLessThan(
        BUDGET * largest(gradient),
      );
    }
  }
}
