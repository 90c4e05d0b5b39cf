/** Dropout between recurrent layers: where it acts, and when. */
import { expect, test } from "vitest";
import { type Device, Generator, grad, manualSeed, type NDArray, nn, type Tensor } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";

const [T, N, I, H] = [4, 5, 3, 6];
const x = new Generator(3).uniform_(new Float32Array(T * N * I), -1, 1);

/** Output and a gradient of a model; every model draws the same random bits. */
async function run(device: Device, model: nn.Module, forward: (x: Tensor) => Tensor): Promise<number[][]> {
  manualSeed(11);
  const step = await device.compile(
    ({ x }) => {
      const output = forward(x);
      const [gradient] = grad(output.mul(output).sum(), [x]);
      return { output, gradient: gradient! };
    },
    { inputs: { x: [T, N, I] } },
  );
  const { output, gradient } = step.run({ x });
  const values = [[...(await output.read()).data], [...(await gradient.read()).data]];
  step.dispose();
  model.dispose();
  return values;
}

/** A two-layer GRU, and its layers as two modules with `between` in the middle. */
async function stacked(dropout: number): Promise<{ whole: nn.GRU; first: nn.GRU; second: nn.GRU }> {
  const whole = new nn.GRU(I, H, { numLayers: 2, dropout, bidirectional: true });
  const first = new nn.GRU(I, H, { bidirectional: true });
  const second = new nn.GRU(2 * H, H, { bidirectional: true });
  const state = await whole.stateDict();
  const layer = (l: number) =>
    new Map(
      [...state]
        .filter(([name]) => name.includes(`_l${l}`))
        .map(([name, value]): [string, NDArray] => [name.replace(`_l${l}`, "_l0"), value]),
    );
  first.loadStateDict(layer(0));
  second.loadStateDict(layer(1));
  return { whole, first, second };
}

test.each([0.4, 1])("applies to every layer's output but the last in training: p = %d", async (p) => {
  await withDevice(async (device) => {
    const { whole, first, second } = await stacked(p);
    class Chain extends nn.Module {
      first = first;
      dropout = new nn.Dropout(p);
      second = second;
      forward(x: Tensor): Tensor {
        return this.second.forward(this.dropout.forward(this.first.forward(x).output)).output;
      }
    }
    const chain = new Chain();
    const together = await run(device, whole, (x) => whole.forward(x).output);
    expect(together).toEqual(await run(device, chain, (x) => chain.forward(x)));
    if (p === 1) expect(together[1]!.every((value) => value === 0)).toBe(true);
  });
});

test("acts only in training mode", async () => {
  await withDevice(async (device) => {
    const { whole, first, second } = await stacked(0.4);
    const state = await whole.stateDict();
    const plain = new nn.GRU(I, H, { numLayers: 2, bidirectional: true });
    plain.loadStateDict(state);
    const training = new nn.GRU(I, H, { numLayers: 2, dropout: 0.4, bidirectional: true });
    training.loadStateDict(state);
    whole.eval();
    const expected = await run(device, plain, (x) => plain.forward(x).output);
    expect(await run(device, whole, (x) => whole.forward(x).output)).toEqual(expected);
    expect(await run(device, training, (x) => training.forward(x).output)).not.toEqual(expected);
    first.dispose();
    second.dispose();
  });
});
