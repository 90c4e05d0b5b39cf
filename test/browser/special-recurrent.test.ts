/** Recurrent layers with NaN, infinities and huge numbers in inputs, states, weights and gradients, in every version. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AdapterFacts,
  type Device,
  Generator,
  type NDArray,
  nn,
  type Tensor,
  type VersionPins,
} from "webgpu-lstm";
import type { GoldenCase, GoldenTensor } from "../golden-case.ts";
import type { RecurrentLayer } from "../recurrent-problem.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { LARGE_GPU } from "./large-gpu.ts";
import { faultsOf, gradients, UnusualStep } from "./unusual-values.ts";

const versions: (VersionPins & { readonly recompute?: number; readonly facts?: AdapterFacts })[] = [
  { recurrent: "cell", gemm: "register" },
  { recurrent: "cell", gemm: "shared" },
  { recurrent: "cell", gemm: "lanes4" },
  { recurrent: "step", gemm: "register" },
  { recurrent: "sequence4", gemm: "lanes4" },
  { recurrent: "step", gemm: "register", recompute: 3 },
  { recurrent: "sequence4", gemm: "lanes4", recompute: 3 },
  { recurrent: "split", gemm: "register" },
  { recurrent: "sequence", gemm: "register" },
  { recurrent: "sequence", gemm: "register", recompute: 3, facts: LARGE_GPU },
];

function makeLayer(
  golden: GoldenCase,
  recompute: number | boolean,
  H = golden.number("hidden_size"),
): RecurrentLayer {
  const I = golden.tensor("input.x").shape[2]!;
  const projSize = golden.number("proj_size");
  switch (golden.text("kind")) {
    case "lstm":
    case "proj":
      return new nn.LSTM(I, H, { projSize, recompute });
    case "gru":
      return new nn.GRU(I, H, { recompute });
    case "rnn":
      return new nn.RNN(I, H, { recompute });
    default:
      return new nn.RNN(I, H, { nonlinearity: "relu", recompute });
  }
}

/** Output and last states by name. */
function forward(layer: RecurrentLayer, given: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const { x, h0: h, c0: c } = given;
  if (layer instanceof nn.LSTM) {
    const { output, state } = layer.forward(x!, h && c ? { h, c } : undefined);
    return { output, h: state.h, c: state.c };
  }
  const { output, state } = layer.forward(x!, h);
  return { output, h: state };
}

/** A layer's step with the results of tools/goldens/special_recurrent.py. */
function compile(device: Device, layer: RecurrentLayer, inputs: ReadonlyMap<string, NDArray>) {
  const shapes = new Map([...inputs].map(([name, { shape }]) => [name, shape]));
  return UnusualStep.compile(device, shapes, (given) => {
    const out = Object.entries(forward(layer, given));
    const ofInputs = ["x", "h0", "c0"].filter((name) => inputs.has(name));
    const wanted = new Map([
      ...ofInputs.map((name) => [name, given[name]!] as const),
      ...layer.namedParameters(),
    ]);
    const pairs = out.map(([name, tensor]) => [tensor, given[`weights.${name}`]!] as const);
    return {
      ...Object.fromEntries(out.map(([name, tensor]) => [`out.${name}`, tensor])),
      ...gradients(pairs, wanted),
    };
  });
}

/** `[name, index in the flat tensor, or null for all, value]` */
type Replacement = readonly [name: string, index: number | null, value: string];

function replaced(
  ordinary: ReadonlyMap<string, NDArray>,
  prefix: string,
  replacements: readonly Replacement[],
): Map<string, NDArray> {
  const values = new Map(
    [...ordinary].map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  );
  for (const [name, index, text] of replacements) {
    if (!name.startsWith(prefix)) continue;
    const { data } = values.get(name.slice(prefix.length))!;
    const value =
      { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY }[text] ??
      Number(text);
    if (index === null) data.fill(value);
    else data[index] = value;
  }
  return values;
}

/** One case's part of the stacked results. */
function partOf({ data, shape, dtype }: GoldenTensor, index: number): GoldenTensor {
  const size = data.length / shape[0]!;
  return { dtype, data: data.slice(index * size, (index + 1) * size), shape: shape.slice(1) };
}

/** PyTorch's numbers are float32 here, and x = ±104 makes a rounding of the gates' gradients as much larger in weight_ih's. */
const BUDGET = 4;

const files = goldenNames("special_recurrent");

describe.each(versions)("$recurrent, $gemm, recompute $recompute", ({ recompute = false, ...options }) => {
  let frame: GpuFrame;
  beforeAll(async () => {
    const { facts, ...pins } = options;
    frame = await GpuFrame.open({ versions: pins, ...(facts && { facts }) });
    return () => frame.close();
  });

  test.for(files.flatMap((file) => ["state", "zero"].map((group) => [file, group] as const)))(
    "%s, initial state: %s",
    async ([file, group]) => {
      const golden = await loadGolden(file);
      const stored = (prefix: string) =>
        new Map(golden.names(prefix).map((name) => [name, golden.input(`${prefix}${name}`)]));
      const parameters = stored("param.");
      const inputs = stored("input.");
      if (group === "zero") for (const name of ["h0", "c0"]) inputs.delete(name);
      const cases = Object.entries(JSON.parse(golden.text(group)) as Record<string, Replacement[]>);
      await frame.run(async (device) => {
        const layer = makeLayer(golden, recompute);
        const step = await compile(device, layer, inputs);
        const faults: string[] = [];
        for (const [index, [name, replacements]] of cases.entries()) {
          layer.loadStateDict(replaced(parameters, "param.", replacements));
          const results = await step.run(replaced(inputs, "input.", replacements));
          expect(
            golden
              .names(`${group}:`)
              .filter((key) => !key.endsWith(".flushed"))
              .sort(),
          ).toEqual([...results.keys()].sort());
          for (const [key, value] of results) {
            const named = (suffix: string) => `${group}:${key}${suffix}`;
            const [plain, flushed] = ["", ".flushed"].map((suffix) =>
              golden.has(named(suffix)) ? partOf(golden.tensor(named(suffix)), index) : undefined,
            );
            faults.push(...faultsOf(`${name}, ${key}`, value, plain!, flushed, BUDGET));
          }
        }
        step.dispose();
        layer.dispose();
        expect(faults).toEqual([]);
      });
    },
  );

  test.for(files)("%s: a NaN at one step of one row stays in its row, from that step on", async (file) => {
    const golden = await loadGolden(file);
    // More units than a subgroup or a tile has.
    const [H, N, T] = [70, 6, 7];
    const [badStep, badRow] = [2, 4];
    await frame.run(async (device) => {
      const layer = makeLayer(golden, recompute, H);
      const x = { data: new Generator(1).normal_(new Float32Array(T * N * 2), 0, 1), shape: [T, N, 2] };
      const step = await UnusualStep.compile(device, new Map([["x", x.shape]]), (given) => {
        const { output } = forward(layer, given);
        return { output: output! };
      });
      const run = async (value: NDArray) => (await step.run(new Map([["x", value]]))).get("output")!;
      const clean = await run(x);
      const data = x.data.slice();
      data[(badStep * N + badRow) * 2] = Number.NaN;
      const infected = await run({ data, shape: x.shape });
      step.dispose();
      layer.dispose();
      const width = clean.shape[2]!;
      const isInfected = (i: number) =>
        Math.floor(i / width) % N === badRow && Math.floor(i / width / N) >= badStep;
      expect(infected.data).toEqual(clean.data.map((value, i) => (isInfected(i) ? Number.NaN : value)));
    });
  });
});
