/** Work folded into another dispatch: a loss's gradient into the loss, a clipping factor into the update. */
import { expect, test } from "vitest";
import { type Device, grad, nn, optim, type Tensor } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, values } from "./tiny.ts";

const classes = Int32Array.of(2, 0, 1);
const losses = {
  squared: (x: Tensor, y: Tensor) => new nn.MSELoss().forward(x, y),
  binary: (x: Tensor, y: Tensor) => new nn.BCEWithLogitsLoss({ reduction: "sum" }).forward(x, y),
  classes: (x: Tensor, _: Tensor, index: Tensor) => new nn.CrossEntropyLoss().forward(x, index),
};
type Loss = (x: Tensor, y: Tensor, index: Tensor) => Tensor;

/** The gradient of x, and its kernels. */
async function gradientOf(device: Device, loss: Loss) {
  const inputs = { x: [3, 4], y: [3, 4], index: [3] };
  const step = await device.compile(({ x, y, index }) => ({ gradient: grad(loss(x, y, index), [x])[0]! }), {
    inputs,
  });
  const { gradient } = step.run({ x: values(inputs.x), y: values(inputs.y, 1), index: classes });
  const { data } = await gradient.read();
  const kernels = step.program.source.dispatches.map(({ kernel }) => kernel.name);
  step.dispose();
  return { data: [...data], kernels };
}

test.each([
  ["squared", "pointwise_loss"],
  ["binary", "pointwise_loss"],
  ["classes", "cross_entropy"],
] as const)("%s: the gradient comes with the loss if the loss's own is 1, else separately", (name, kernel) =>
  withDevice(async (device) => {
    const loss: Loss = losses[name];
    const alone = await gradientOf(device, loss);
    const scaled = await gradientOf(device, (...given) => loss(...given).mul(4));
    const summed = await gradientOf(device, (...given) => {
      const once = loss(...given);
      return once.add(once.mul(3));
    });
    expect(alone.kernels).not.toContain(`${kernel}_backward`);
    expect(scaled.kernels).toContain(`${kernel}_backward`);
    expect(summed.kernels).toContain(`${kernel}_backward`);
    // Times 4 is exact.
    expect(scaled.data).toEqual(alone.data.map((value) => 4 * value));
    expect(summed.data).toEqual(scaled.data);
  }),
);

test("a training step with clipping has no pass for the loss's gradient, and none that scales gradients", () =>
  withDevice(async (device) => {
    /** Trains three steps; a second clipping keeps the first one's factor out of the update. */
    const train = async (clippings: number) => {
      const model = new Tiny();
      const twin = new Map(
        [...model.namedParameters()].map(([name, { shape }]) => [name, { shape, data: values(shape) }]),
      );
      model.loadStateDict(twin);
      const step = await device.compile(
        ({ x, y }) => {
          const loss = new nn.MSELoss().forward(model.forward(x), y);
          for (let i = 0; i < clippings; i++)
            nn.utils.clipGradNorm_(model.parameters(), i === 0 ? 0.05 : 1e6);
          return { loss };
        },
        { inputs: tinyShapes, minimize: "loss", optimizer: new optim.AdamW(model.parameters()) },
      );
      for (let i = 0; i < 3; i++) step.run({ x: values(tinyShapes.x, i), y: values(tinyShapes.y, i) });
      const kernels = step.program.source.dispatches.map(({ kernel }) => kernel.name);
      const weights = await bits(model);
      step.dispose();
      model.dispose();
      return { kernels, weights };
    };
    const once = await train(1);
    const twice = await train(2);
    expect(once.kernels).not.toContain("gradient_scale");
    expect(once.kernels).not.toContain("pointwise_loss_backward");
    // The LSTM's initial h and c alone.
    expect(once.kernels.filter((name) => name === "fill")).toHaveLength(2);
    // One for each parameter, so that the gaps between them stay zero.
    expect(twice.kernels.filter((name) => name === "gradient_scale")).toHaveLength(6);
    // The second clipping changes nothing: the same product, once in its own pass, once in the update.
    expect(once.weights).toEqual(twice.weights);
  }));
