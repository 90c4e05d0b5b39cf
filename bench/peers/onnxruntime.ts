/** ONNX Runtime Web at the workloads without training, with its LSTM operator. */
import * as ort from "onnxruntime-web/webgpu";
import type { Contestant, Runner } from "../../tasks/workloads/contestant.ts";
import { checkLimit } from "../../tasks/workloads/limits.ts";
import { type Problem, timeSteps } from "../../tasks/workloads/workload.ts";
import { lstmModel } from "./onnx-lstm.ts";

export type OrtProvider = "webgpu" | "wasm";

export function onnxruntime(provider: OrtProvider): Contestant {
  return { name: `onnxruntime-${provider}`, open: (problem) => open(provider, problem) };
}

async function open(provider: OrtProvider, problem: Problem): Promise<Runner> {
  const { task, seqLen, batch: B, inputSize: I, hiddenSize: H, numLayers: L } = problem.workload;
  checkLimit("onnxruntime", problem.workload);
  // Serves the package's own files unchanged.
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.logLevel = "error";
  const start = performance.now();
  const T = task === "stream" ? 1 : seqLen;
  const session = await ort.InferenceSession.create(lstmModel(problem, T), {
    executionProviders: [provider],
    // The state stays on the GPU.
    preferredOutputLocation: provider === "webgpu" ? "gpu-buffer" : "cpu",
    // An operator that the provider lacks is an error, where the runtime would quietly compute it on the CPU.
    ...(provider === "webgpu" && { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
  });
  const inputs = timeSteps(problem.x.data, B, seqLen, I);
  const whole = new Float32Array(problem.x.data.length);
  for (const [t, rows] of inputs.entries()) whole.set(rows, t * B * I);
  const zeros = () => new ort.Tensor("float32", new Float32Array(B * H), [1, B, H]);
  const initial = Object.fromEntries(
    Array.from({ length: L }, (_, layer) => [`h${layer}`, `c${layer}`])
      .flat()
      .map((name) => [name, zeros()]),
  );
  let state: Record<string, ort.Tensor> = initial;
  let asked = 0;
  const ask = async () => {
    const values = task === "stream" ? inputs[asked++ % seqLen]! : whole;
    const x = new ort.Tensor("float32", values, [T, B, I]);
    const { hn, cn } = (await session.run({ x, ...state })) as { hn: ort.Tensor; cn: ort.Tensor };
    const hidden = (await hn.getData()) as Float32Array;
    if (task === "stream") {
      const before = state;
      state = { h0: hn, c0: cn };
      for (const tensor of Object.values(before)) tensor.dispose();
    } else {
      hn.dispose();
      cn.dispose();
    }
    return hidden;
  };
  let latest = ask();
  for (let t = 1; t < (task === "stream" ? seqLen : 1); t++) {
    await latest;
    latest = ask();
  }
  const firstResult = (await latest).slice();
  const firstStepMs = performance.now() - start;
  return {
    firstStepMs,
    firstResult,
    work: { plan: "the LSTM operator" },
    step() {
      latest = ask();
    },
    wait: async () => void (await latest),
    result: () => latest,
    dispose: () => void session.release(),
  };
}
