/** One convolution, with or without its gradients, here and in TensorFlow.js. See bench/convolution.ts. */
import * as tf from "@tensorflow/tfjs-core";
import { Device, Generator, grad, nn, type Tensor, type VersionPins } from "webgpu-lstm";
import { startTfjs } from "../../tasks/workloads/tfjs.ts";

export interface Layer {
  readonly batch: number;
  readonly inChannels: number;
  readonly length: number;
  readonly outChannels: number;
  readonly taps: number;
  readonly stride: number;
  readonly padding: number;
}

/** `gradients`: the result, and the gradients of its sum for input, weight and bias. */
export type Pass = "forward" | "gradients";

/** Computes once, and answers with the sum of the result. */
type Ask = () => Promise<number>;

declare global {
  var convolution:
    | { open(runtime: string, layer: Layer, pass: Pass): Promise<number>; ask(): Promise<number> }
    | undefined;
}

const runtimes: Readonly<Record<string, (layer: Layer, pass: Pass) => Promise<Ask>>> = {
  "webgpu-lstm": (layer, pass) => ours(layer, pass, {}),
  conv1d_product: (layer, pass) => ours(layer, pass, { gemm: "register" }),
  "tfjs-wasm": inTfjs,
};

function valuesOf({ batch, inChannels, length, outChannels, taps }: Layer) {
  const generator = new Generator(1);
  const drawn = (size: number) => generator.uniform_(new Float32Array(size), -1, 1);
  return { x: drawn(batch * inChannels * length), weight: drawn(outChannels * inChannels * taps) };
}

async function ours(layer: Layer, pass: Pass, versions: VersionPins): Promise<Ask> {
  const { batch, inChannels, length, outChannels, taps, stride, padding } = layer;
  const device = await Device.request({ versions });
  const model = new nn.Conv1d(inChannels, outChannels, taps, { stride, padding });
  const { x, weight } = valuesOf(layer);
  model.weight.write(weight);
  model.bias!.write(new Float32Array(outChannels));
  const step = await device.compile(
    ({ x }) => {
      const sum = model.forward(x).sum();
      if (pass === "forward") return { sum };
      const gradients = grad(sum, [x, model.weight, model.bias as Tensor]);
      return { sum, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])) };
    },
    { inputs: { x: [batch, inChannels, length] } },
  );
  return () => step.run({ x }).sum!.item();
}

/** Channels come last there. */
async function inTfjs(layer: Layer, pass: Pass): Promise<Ask> {
  if (pass === "gradients") throw new Error("no gradient of a convolution's weight on WASM");
  const { batch, inChannels, length, outChannels, taps, stride, padding } = layer;
  await startTfjs("wasm");
  const values = valuesOf(layer);
  const x = tf.keep(
    tf.tidy(() => tf.transpose(tf.tensor3d(values.x, [batch, inChannels, length]), [0, 2, 1])),
  );
  const weight = tf.keep(
    tf.tidy(() => tf.transpose(tf.tensor3d(values.weight, [outChannels, inChannels, taps]), [2, 1, 0])),
  );
  return async () => {
    const sum = tf.tidy(() => {
      // A number as padding would pad the height of 1 too.
      const padded = tf.pad(x, [
        [0, 0],
        [padding, padding],
        [0, 0],
      ]) as tf.Tensor3D;
      return tf.sum(tf.conv1d(padded, weight as tf.Tensor3D, stride, "valid"));
    });
    const [value] = await sum.data();
    sum.dispose();
    return value!;
  };
}

let ask: Ask | undefined;

globalThis.convolution = {
  /** Computes once; the sum. */
  async open(runtime, layer, pass) {
    ask = await runtimes[runtime]!(layer, pass);
    return ask();
  },
  /** Computes once more; the time, in ms. */
  async ask() {
    const start = performance.now();
    await ask!();
    return performance.now() - start;
  },
};
