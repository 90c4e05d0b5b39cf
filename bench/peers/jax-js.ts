/**
 * The workloads in jax-js, as its users would write them: one jitted function of an unrolled loop (it has no scan), gradients by
 * `valueAndGrad`, Adam in the same function. Every function consumes its arguments; `.ref` keeps one for later use.
 */
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { Contestant, Runner } from "../../tasks/workloads/contestant.ts";
import { checkLimit } from "../../tasks/workloads/limits.ts";
import { type Problem, timeSteps } from "../../tasks/workloads/workload.ts";

export type JaxDevice = "webgpu" | "wasm";

/** Transposed weights [I, 4H] and [H, 4H] of each layer, one bias [4H] instead of PyTorch's two; then the Linear's. */
type Params = { wih: np.Array[]; whh: np.Array[]; b: np.Array[]; fc: np.Array[] };

/** jax-js on one of its devices; a page or a worker can use only one. */
export function jaxJs(device: JaxDevice): Contestant {
  return { name: `jax-js-${device}`, open: (problem) => open(device, problem) };
}

/** A step that resolves with its result when it is done. */
interface Asked {
  ask(): Promise<Float32Array>;
  dispose(): void;
}

async function open(device: JaxDevice, problem: Problem): Promise<Runner> {
  const { task, seqLen } = problem.workload;
  checkLimit("jax-js", problem.workload);
  if (!(await init(device)).includes(device)) throw new Error(`jax-js did not start its ${device} device`);
  defaultDevice(device);
  const start = performance.now();
  const asked = (task === "stream" ? stream : task === "infer" ? infer : train)(problem);
  let latest = asked.ask();
  for (let t = 1; t < (task === "stream" ? seqLen : 1); t++) {
    await latest;
    latest = asked.ask();
  }
  const firstResult = await latest;
  const firstStepMs = performance.now() - start;
  return {
    firstStepMs,
    firstResult,
    work: { plan: `jit on ${device}` },
    step() {
      latest = asked.ask();
    },
    wait: async () => void (await latest),
    result: () => latest,
    dispose: () => asked.dispose(),
  };
}

/** One LSTM step: gates in PyTorch's order. Consumes everything. */
function cell(projected: np.Array, h: np.Array, c: np.Array, whh: np.Array): [h: np.Array, c: np.Array] {
  const gates = projected.add(np.matmul(h, whh));
  const [i, f, g, o] = np.split(gates, 4, 1) as [np.Array, np.Array, np.Array, np.Array];
  const next = nn
    .sigmoid(f)
    .mul(c)
    .add(nn.sigmoid(i).mul(np.tanh(g)));
  return [nn.sigmoid(o).mul(np.tanh(next.ref)), next];
}

/** x is [T, B, I]; returns the last layer's hidden states, [B, H] for each step or for the last step only. */
function recurrent({ workload }: Problem, params: Params, x: np.Array, everyStep: boolean): np.Array[] {
  const { numLayers: L, seqLen: T, batch: B, hiddenSize: H } = workload;
  let sequence = x;
  for (let layer = 0; ; layer++) {
    const features = sequence.shape[2]!;
    const rows = np.matmul(sequence.reshape([T * B, features]), params.wih[layer]!).add(params.b[layer]!);
    const steps = np.unstack(rows.reshape([T, B, 4 * H]));
    const whh = params.whh[layer]!;
    let [h, c]: [np.Array, np.Array] = [np.zeros([B, H]), np.zeros([B, H])];
    const hidden: np.Array[] = [];
    const last = layer === L - 1;
    for (const projected of steps) {
      [h, c] = cell(projected, h, c, whh.ref);
      if (!last || everyStep) hidden.push(h.ref);
    }
    c.dispose();
    whh.dispose();
    if (last && !everyStep) return [h];
    h.dispose();
    if (last) return hidden;
    sequence = np.stack(hidden);
  }
}

function lossOf(problem: Problem): (params: Params, x: np.Array, y: np.Array) => np.Array {
  const { seqLen: T, batch: B, hiddenSize: H, everyStep, loss } = problem.workload;
  const count = everyStep ? T * B : B;
  return (params, x, y) => {
    const hidden = recurrent(problem, params, x, everyStep);
    const rows = everyStep ? np.stack(hidden).reshape([T * B, H]) : hidden[0]!;
    const prediction = np.matmul(rows, params.fc[0]!).add(params.fc[1]!);
    if (loss === "mse") return np.mean(np.square(prediction.sub(y)));
    return np.sum(nn.logSoftmax(prediction).mul(y)).mul(-1 / count);
  };
}

/** Adam's new value and moments of one array. `rates` are the learning rate and the corrections of the moments. */
function adam(p: np.Array, g: np.Array, m: np.Array, v: np.Array, rates: np.Array): np.Array[] {
  const [rate, first, second] = np.unstack(rates) as [np.Array, np.Array, np.Array];
  const mean = m.mul(0.9).add(g.ref.mul(0.1));
  const square = v.mul(0.999).add(np.square(g).mul(0.001));
  const step = mean.ref.mul(first).div(np.sqrt(square.ref.mul(second)).add(1e-8));
  return [p.sub(step.mul(rate)), mean, square];
}

/** A training step, or only the gradients. */
function train(problem: Problem): Asked {
  const { task, learningRate } = problem.workload;
  const x = timeFirst(problem);
  const y = targets(problem);
  let params = paramsOf(problem);
  const gradient = valueAndGrad(lossOf(problem));
  if (task === "gradients") {
    const both = jit((params: Params, x: np.Array, y: np.Array) => gradient(params, x, y));
    const ask = async () => {
      const [loss, gradients] = both(tree.ref(params), x.ref, y.ref) as [np.Array, Params];
      await blockUntilReady(gradients);
      tree.dispose(gradients);
      return (await loss.data()) as Float32Array;
    };
    return { ask, dispose: () => tree.dispose([params, x, y]) };
  }
  const zeros = () => tree.map((p: np.Array) => np.zeros(p.shape), tree.ref(params)) as Params;
  let [m, v] = [zeros(), zeros()];
  const step = jit((params: Params, m: Params, v: Params, rates: np.Array, x: np.Array, y: np.Array) => {
    const [loss, gradients] = gradient(tree.ref(params), x, y) as [np.Array, Params];
    const [flat, shape] = tree.flatten(params) as [np.Array[], ReturnType<typeof tree.structure>];
    const [g, means, squares] = [tree.leaves(gradients), tree.leaves(m), tree.leaves(v)] as np.Array[][];
    const updated = flat.map((p, i) => adam(p, g![i]!, means![i]!, squares![i]!, rates.ref));
    rates.dispose();
    const part = (k: number) =>
      tree.unflatten(
        shape,
        updated.map((one) => one[k]!),
      ) as Params;
    return [loss, part(0), part(1), part(2)];
  });
  let t = 0;
  return {
    async ask() {
      t++;
      const rates = np.array([learningRate, 1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)]);
      const [loss, ...next] = step(params, m, v, rates, x.ref, y.ref) as [np.Array, Params, Params, Params];
      [params, m, v] = next;
      await blockUntilReady(params);
      return (await loss.data()) as Float32Array;
    },
    dispose: () => tree.dispose([params, m, v, x, y]),
  };
}

function infer(problem: Problem): Asked {
  const params = paramsOf(problem);
  const x = timeFirst(problem);
  const forward = jit((params: Params, x: np.Array) => recurrent(problem, params, x, false)[0]!);
  return {
    ask: async () => (await (forward(tree.ref(params), x.ref) as np.Array).data()) as Float32Array,
    dispose: () => tree.dispose([params, x]),
  };
}

function stream(problem: Problem): Asked {
  const { batch: B, seqLen: T, inputSize: I, hiddenSize: H } = problem.workload;
  const { wih, whh, b } = paramsOf(problem);
  const weights = [wih[0]!, whh[0]!, b[0]!];
  const next = jit((weights: np.Array[], x: np.Array, h: np.Array, c: np.Array) =>
    cell(np.matmul(x, weights[0]!).add(weights[2]!), h, c, weights[1]!),
  );
  const steps = timeSteps(problem.x.data, B, T, I);
  let [h, c]: [np.Array, np.Array] = [np.zeros([B, H]), np.zeros([B, H])];
  let asked = 0;
  return {
    async ask() {
      const x = np.array(steps[asked++ % T]!, { shape: [B, I] });
      [h, c] = next(tree.ref(weights), x, h, c) as [np.Array, np.Array];
      return (await h.ref.data()) as Float32Array;
    },
    dispose: () => tree.dispose([...weights, h, c]),
  };
}

type Values = Problem["x"];

function arrayOf({ shape, data }: Values): np.Array {
  return np.array(data as Float32Array<ArrayBuffer>, { shape: [...shape] });
}

/** [B, T, I] to [T, B, I], on the host, once. */
function timeFirst({ workload, x }: Problem): np.Array {
  const { batch: B, seqLen: T, inputSize: I } = workload;
  const steps = timeSteps(x.data, B, T, I);
  const data = new Float32Array(x.data.length);
  for (const [t, rows] of steps.entries()) data.set(rows, t * B * I);
  return arrayOf({ shape: [T, B, I], data });
}

/** Targets in the order of the prediction's rows (time first); classes as one-hot rows. */
function targets({ workload, y }: Problem): np.Array {
  const { batch: B, seqLen: T, outputSize: O, everyStep, loss } = workload;
  const classes = loss === "cross-entropy";
  const width = classes ? 1 : O;
  const steps = everyStep ? timeSteps(y.data, B, T, width) : [y.data];
  const data = new Float32Array(steps.length * B * O);
  for (const [t, rows] of steps.entries()) {
    if (!classes) data.set(rows, t * B * O);
    else for (let b = 0; b < B; b++) data[(t * B + b) * O + rows[b]!] = 1;
  }
  return arrayOf({ shape: [steps.length * B, O], data });
}

function paramsOf({ workload, weights }: Problem): Params {
  const value = (name: string) => arrayOf(weights.get(name)!);
  const transposed = (name: string) => {
    const { shape, data } = weights.get(name)!;
    const [rows, columns] = shape as readonly [number, number];
    const turned = data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
    return arrayOf({ shape: [columns, rows], data: turned });
  };
  const layers = Array.from({ length: workload.numLayers }, (_, layer) => layer);
  return {
    wih: layers.map((layer) => transposed(`recurrent.weight_ih_l${layer}`)),
    whh: layers.map((layer) => transposed(`recurrent.weight_hh_l${layer}`)),
    b: layers.map((layer) => value(`recurrent.bias_ih_l${layer}`).add(value(`recurrent.bias_hh_l${layer}`))),
    fc: workload.outputSize > 0 ? [transposed("fc.weight"), value("fc.bias")] : [],
  };
}
