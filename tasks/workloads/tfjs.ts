/**
 * The workloads in TensorFlow.js, as its users would write them: layers, `trainOnBatch`, `predictOnBatch`. For a page or a worker.
 * TensorFlow.js has PyTorch's gate order (i, f, g, o), one bias instead of two, and transposed weights.
 */

import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import type { Contestant, Runner } from "./contestant.ts";
import { checkLimit } from "./limits.ts";
import { type Problem, timeSteps } from "./workload.ts";

export type TfjsBackend = "webgpu" | "wasm";

/** Ops that launch no kernel. */
const NO_KERNEL = new Set(["Reshape", "Identity", "Cast"]);

/** TensorFlow.js on one of its backends; a page or a worker can use only one. */
export function tfjs(backend: TfjsBackend): Contestant {
  return { name: `tfjs-${backend}`, open: (problem) => open(backend, problem) };
}

/** Starts a backend. Throws if it does not start. */
export async function startTfjs(backend: TfjsBackend): Promise<void> {
  if (tf.getBackend() === backend) return;
  if (backend === "webgpu") {
    await import("@tensorflow/tfjs-backend-webgpu");
  } else {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths({
      "tfjs-backend-wasm.wasm": plainWasm,
      "tfjs-backend-wasm-simd.wasm": simdWasm,
      "tfjs-backend-wasm-threaded-simd.wasm": threadedWasm,
    });
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js did not start its ${backend} backend`);
  await tf.ready();
}

/** A step that reads its result back. */
interface Asked {
  ask(): Promise<Float32Array>;
  dispose(): void;
}

async function open(backend: TfjsBackend, problem: Problem): Promise<Runner> {
  const { task, seqLen } = problem.workload;
  checkLimit("tfjs", problem.workload);
  await startTfjs(backend);
  const start = performance.now();
  const asked = (task === "stream" ? stream : task === "infer" ? infer : train)(problem);
  // The first step runs under tf.profile, which counts kernels and the peak of live bytes.
  let latest: Promise<Float32Array> = Promise.resolve(new Float32Array());
  const { kernels, peakBytes } = await tf.profile(async () => {
    latest = asked.ask();
    await latest;
    return tf.scalar(0);
  });
  for (let t = 1; t < (task === "stream" ? seqLen : 1); t++) latest = asked.ask();
  const firstResult = await latest;
  const firstStepMs = performance.now() - start;
  return {
    firstStepMs,
    firstResult,
    work: {
      dispatches: kernels.filter(({ name }) => !NO_KERNEL.has(name)).length,
      bytes: { tensors: tf.memory().numBytes },
      peakBytes,
      plan: `tf.layers ${layers.version_layers} on ${backend}`,
    },
    step() {
      latest = asked.ask();
    },
    wait: async () => void (await latest),
    result: () => latest,
    dispose() {
      asked.dispose();
      tf.disposeVariables();
    },
  };
}

/** The recurrent layers, and the Linear if there is one, with the problem's weights. */
function buildModel({ workload, weights }: Problem): layers.LayersModel {
  const { inputSize, hiddenSize, numLayers, outputSize, seqLen, batch, everyStep } = workload;
  const model = layers.sequential();
  for (let layer = 0; layer < numLayers; layer++) {
    model.add(
      layers.layers.lstm({
        ...(layer === 0 ? { batchInputShape: [batch, seqLen, inputSize] } : {}),
        units: hiddenSize,
        returnSequences: everyStep || layer < numLayers - 1,
        recurrentActivation: "sigmoid",
        // Overwritten below; the default, orthogonal weights, takes seconds.
        recurrentInitializer: "zeros",
        unitForgetBias: false,
      }),
    );
  }
  if (outputSize > 0) model.add(layers.layers.dense({ units: outputSize }));
  const values = Array.from({ length: numLayers }, (_, layer) => lstmWeights(weights, layer)).flat();
  if (outputSize > 0) values.push(transposed(weights, "fc.weight"), tensorOf(weights.get("fc.bias")!));
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

/** A training step, or only the gradients. */
function train(problem: Problem): Asked {
  const { workload } = problem;
  const model = buildModel(problem);
  const classes = workload.loss === "cross-entropy";
  const lossOf = classes
    ? (target: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(target, logits) as tf.Tensor
    : (target: tf.Tensor, prediction: tf.Tensor) =>
        tf.losses.meanSquaredError(target, prediction) as tf.Tensor;
  const oneHot = (y: Values) =>
    tf.tidy(() => tf.cast(tf.oneHot(tf.cast(tensorOf(y), "int32"), workload.outputSize), "float32"));
  const batches = [problem, ...(problem.more ?? [])].map(({ x, y }) => ({
    x: tensorOf(x),
    y: classes ? oneHot(y) : tensorOf(y),
  }));
  let steps = 0;
  const next = () => batches[steps++ % batches.length]!;
  const dispose = () => {
    for (const { x, y } of batches) tf.dispose([x, y]);
    model.dispose();
  };
  if (workload.task === "gradients") {
    const ask = async () => {
      const { x, y } = next();
      const { value, grads } = tf.variableGrads(
        () => lossOf(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      );
      // Reading the loss waits for all work that is queued before it.
      const loss = await value.data<"float32">();
      tf.dispose([value, grads]);
      return loss;
    };
    return { ask, dispose };
  }
  model.compile({ optimizer: tf.train.adam(workload.learningRate, 0.9, 0.999, 1e-8), loss: lossOf });
  const ask = async () => {
    const { x, y } = next();
    return Float32Array.of((await model.trainOnBatch(x, y)) as number);
  };
  return { ask, dispose };
}

function infer(problem: Problem): Asked {
  const model = buildModel(problem);
  const x = tensorOf(problem.x);
  return {
    async ask() {
      const hidden = model.predictOnBatch(x) as tf.Tensor;
      const values = await hidden.data<"float32">();
      hidden.dispose();
      return values;
    },
    dispose() {
      x.dispose();
      model.dispose();
    },
  };
}

/** One cell, step by step; the state stays in tensors. */
function stream({ workload, x, weights }: Problem): Asked {
  const { batch: B, seqLen: T, inputSize: I, hiddenSize: H } = workload;
  const cell = layers.layers.lstmCell({
    units: H,
    recurrentActivation: "sigmoid",
    recurrentInitializer: "zeros",
    unitForgetBias: false,
  });
  cell.build([B, I]);
  const values = lstmWeights(weights, 0);
  cell.setWeights(values);
  tf.dispose(values);
  let state: tf.Tensor[] = [tf.zeros([B, H]), tf.zeros([B, H])];
  const steps = timeSteps(x.data, B, T, I);
  let asked = 0;
  return {
    async ask() {
      const t = asked++ % T;
      const next = tf.tidy(() => {
        const [, h, c] = cell.call([tf.tensor2d(steps[t]!, [B, I]), ...state], {}) as tf.Tensor[];
        return [h!, c!];
      });
      tf.dispose(state);
      state = next;
      return state[0]!.data<"float32">();
    },
    dispose() {
      tf.dispose(state);
      cell.dispose();
    },
  };
}

type Values = Problem["x"];

function tensorOf({ shape, data }: Values): tf.Tensor {
  return tf.tensor(data as Float32Array, [...shape]);
}

function transposed(weights: Problem["weights"], name: string): tf.Tensor {
  return tf.tidy(() => tf.transpose(tensorOf(weights.get(name)!)));
}

/** Kernel [I, 4H], recurrent kernel [H, 4H], bias [4H]: the sum of PyTorch's two. */
function lstmWeights(weights: Problem["weights"], layer: number): tf.Tensor[] {
  const bias = tf.tidy(() =>
    tf.add(
      tensorOf(weights.get(`recurrent.bias_ih_l${layer}`)!),
      tensorOf(weights.get(`recurrent.bias_hh_l${layer}`)!),
    ),
  );
  return [
    transposed(weights, `recurrent.weight_ih_l${layer}`),
    transposed(weights, `recurrent.weight_hh_l${layer}`),
    bias,
  ];
}
