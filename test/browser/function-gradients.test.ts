/** Gradients of tensor functions against difference quotients of their own values, at random places. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Generator, grad, nn, type Tensor, tensor, where } from "webgpu-lstm";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const [ROWS, COLUMNS] = [4, 6];
const positive = (x: Tensor) => x.mul(x).add(0.5);

/** Of x and y [4, 6]; the values are well away from kinks and ties, which have cases of their own. */
const functions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  abs: (x) => x.abs(),
  sqrt: (x) => positive(x).sqrt(),
  rsqrt: (x) => positive(x).rsqrt(),
  square: (x) => x.square(),
  reciprocal: (x) => positive(x).reciprocal(),
  erf: (x) => x.erf(),
  sin: (x) => x.mul(3).sin(),
  cos: (x) => x.mul(3).cos(),
  log1p: (x) => positive(x).log1p(),
  expm1: (x) => x.expm1(),
  clamp: (x) => x.clamp(-0.9, 0.9),
  pow: (x) => positive(x).pow(1.7),
  "pow of tensors": (x, y) => positive(x).pow(y),
  gelu: (x) => new nn.GELU().forward(x),
  "gelu by tanh": (x) => new nn.GELU({ approximate: "tanh" }).forward(x),
  silu: (x) => new nn.SiLU().forward(x),
  "leaky relu": (x) => new nn.LeakyReLU(0.1).forward(x),
  elu: (x) => new nn.ELU().forward(x),
  softplus: (x) => new nn.Softplus(2).forward(x),
  hardsigmoid: (x) => new nn.Hardsigmoid().forward(x),
  hardswish: (x) => new nn.Hardswish().forward(x),
  maximum: (x, y) => x.maximum(y.add(1 / 32)),
  minimum: (x, y) => x.minimum(y.select(0, 1).add(1 / 32)),
  where: (x, y) => where(tensor([1, 0, 0, 1, 1, 0]), x, y),
  "masked softmax": (x) =>
    x
      .maskedFill(tensor([0, 0, 1, 0, 0, 1]), Number.NEGATIVE_INFINITY)
      .softmax(1)
      .square(),
  amax: (x) => x.amax(1),
  amin: (x) => x.amin([0, 1]),
  max: (x) => x.max(0).values,
  min: (x) => x.min(1, true).values,
  topk: (x) => x.topk(3).values.square(),
  prod: (x) => x.prod(0),
  cumsum: (x) => x.cumsum(1).square(),
  var: (x) => x.var(1),
  std: (x) => x.std(0, { correction: 0 }),
  gather: (x) => x.gather(1, tensor([1, 1, 0, 5, 2, 2, 3, 3], [4, 2])).square(),
  indexSelect: (x) => x.indexSelect(0, tensor([3, 3, 1])).square(),
  split: (x) => x.split([2, 4], 1)[1]!.square(),
  "gaussian likelihood": (x, y) => new nn.GaussianNLLLoss().forward(x, y, positive(x)),
  divergence: (x, y) => new nn.KLDivLoss().forward(x.logSoftmax(1), y.softmax(1)),
  "cosine similarity": (x, y) => nn.cosineSimilarity(x, y),
};

/** Values from ±0.25 to ±1.75 that are 1/16 apart from each other, in random order, so that a step leaves ties and kinks alone. */
function spread(generator: Generator): Float32Array {
  const size = ROWS * COLUMNS;
  const order = Array.from({ length: size }, (_, i) => ({ i, key: generator.random() }));
  const sizes = order.sort((a, b) => a.key - b.key).map(({ i }) => 0.25 + i / 16);
  return Float32Array.from(sizes, (value) => (generator.random() % 2 === 0 ? value : -value));
}

const STEP = 1 / 128;
/** Third derivatives times STEP² / 6, and float32 rounding of the sum over 2·STEP. */
const TOLERANCE = 2e-3;

test.for(Object.entries(functions))("%s", async ([, fn]) => {
  await frame.run(async (device) => {
    const shape = [ROWS, COLUMNS];
    const step = await device.compile(
      ({ x, y }) => {
        const out = fn(x, y);
        // Weights that differ, so that no sum is a constant, as that of a softmax.
        const { shape: of } = out;
        const size = of.reduce((a, b) => a * b, 1);
        const weights = tensor(
          Float32Array.from({ length: size }, (_, i) => Math.cos(3 * i)),
          of,
        );
        const loss = out.mul(weights).sum();
        return { loss, gradient: grad(loss, [x])[0]! };
      },
      { inputs: { x: shape, y: shape } },
    );
    try {
      for (const seed of [1, 2, 3]) {
        const generator = new Generator(seed);
        const [x, y] = [spread(generator), spread(generator)];
        const direction = x.map(() => ((generator.random() % 2001) - 1000) / 1000);
        const at = (t: number) => step.ask({ x: x.map((value, i) => value + t * direction[i]!), y }, "loss");
        const [ahead, behind] = [(await at(STEP)).data[0]!, (await at(-STEP)).data[0]!];
        const { data } = await step.ask({ x, y }, "gradient");
        const terms = data.map((g, i) => g * direction[i]!);
        const slope = terms.reduce((a, b) => a + b, 0);
        const scale = terms.reduce((a, b) => a + Math.abs(b), 0.05);
        expect(Math.abs((ahead - behind) / (2 * STEP) - slope) / scale).toBeLessThan(TOLERANCE);
      }
    } finally {
      step.dispose();
    }
  });
});
