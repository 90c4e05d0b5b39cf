import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Generator, type NDArray } from "webgpu-lstm";
import { centralDifference, lstmLoss } from "../reference/lstm.ts";
import { withDevice } from "./gpu.ts";
import { runLstm } from "./lstm-case.ts";

/** Any small LSTM: sizes around the kernels' tiles of 4 rows and 2 units, and a seed for its numbers. */
const anyLstm = fc.record({
  T: fc.integer({ min: 1, max: 6 }),
  N: fc.integer({ min: 1, max: 9 }),
  I: fc.integer({ min: 1, max: 9 }),
  H: fc.integer({ min: 1, max: 18 }),
  L: fc.integer({ min: 1, max: 3 }),
  bias: fc.boolean(),
  initialState: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
});

/** How far a float32 gradient may be from the difference quotient, relative to the largest of its tensor. */
const BUDGET = 2e-5;

test.each(["step", "cell", "subgroup"] as const)(
  "gradients of any LSTM are difference quotients: %s",
  async (recurrent) => {
    await withDevice(
      (device) =>
        fc.assert(
          fc.asyncProperty(anyLstm, async ({ T, N, I, H, L, bias, initialState, seed }) => {
            const generator = new Generator(seed);
            const draw = (...shape: number[]): NDArray => {
              const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
              return { data: generator.uniform_(data, -1, 1), shape };
            };
            const tensors = new Map<string, NDArray>([
              ["x", draw(T, N, I)],
              ["target_output", draw(T, N, H)],
              ["target_h", draw(L, N, H)],
              ["target_c", draw(L, N, H)],
            ]);
            if (initialState) tensors.set("h0", draw(L, N, H)).set("c0", draw(L, N, H));
            const parameters: string[] = [];
            for (let l = 0; l < L; l++) {
              const shapes: [string, number[]][] = [
                [`weight_ih_l${l}`, [4 * H, l === 0 ? I : H]],
                [`weight_hh_l${l}`, [4 * H, H]],
                ...(bias
                  ? ["bias_ih", "bias_hh"].map((b): [string, number[]] => [`${b}_l${l}`, [4 * H]])
                  : []),
              ];
              for (const [name, shape] of shapes) {
                parameters.push(name);
                tensors.set(`param.${name}`, draw(...shape));
              }
            }
            const results = await runLstm(device, {
              inputSize: I,
              hiddenSize: H,
              numLayers: L,
              bias,
              batchFirst: false,
              initialState,
              parameters,
              tensor: (name) => tensors.get(name)!,
            });

            const exact = new Map([...tensors].map(([name, { data }]) => [name, Float64Array.from(data)]));
            const value = (name: string) => exact.get(name)!;
            const sizes = { inputSize: I, hiddenSize: H, numLayers: L, seqLen: T, batch: N };
            const weights = new Map(parameters.map((name) => [name, value(`param.${name}`)]));
            const initial = initialState ? { h: value("h0"), c: value("c0") } : undefined;
            const target = { output: value("target_output"), h: value("target_h"), c: value("target_c") };
            const loss = () => lstmLoss(sizes, weights, value("x"), initial, target);
            expect(results.get("loss")!.data[0]).toBeCloseTo(loss(), 5);

            const wanted = [
              "x",
              ...(initialState ? ["h0", "c0"] : []),
              ...parameters.map((name) => `param.${name}`),
            ];
            for (const name of wanted) {
              const gradient = results.get(`grad.${name.replace("param.", "")}`)!.data;
              const scale = Math.max(
                1e-3,
                gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0),
              );
              // A few elements of each tensor: the first, the last and some between.
              for (const index of new Set([0, gradient.length - 1, generator.random() % gradient.length])) {
                const quotient = centralDifference(loss, value(name), index);
                expect(Math.abs(gradient[index]! - quotient) / scale, `${name}[${index}]`).toBeLessThan(
                  BUDGET,
                );
              }
            }
          }),
          { numRuns: 25 },
        ),
      { versions: { recurrent } },
    );
  },
);
