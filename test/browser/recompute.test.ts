/** Memory of a recurrent layer: nothing for a backward pass without one, and only h and c if gates are recomputed. */
import { describe, expect, test } from "vitest";
import { type Device, type DeviceOptions, grad, manualSeed, nn, OptionError, type Tensor } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { expectClose } from "./closeness.ts";
import { withDevice } from "./gpu.ts";
import { values } from "./tiny.ts";

/** Several chunks, the last one short. */
const [T, N, I, H] = [75, 40, 3, 12];
const pinned: Readonly<Record<"step" | "sequence4", DeviceOptions>> = {
  step: { versions: { recurrent: "step", gemm: "register" } },
  sequence4: { versions: { recurrent: "sequence4", gemm: "lanes4" } },
};
const kinds = {
  lstm: { make: (options: nn.RecurrentOptions) => new nn.LSTM(I, H, options), slots: 4 },
  gru: { make: (options: nn.RecurrentOptions) => new nn.GRU(I, H, options), slots: 4 },
  rnn: { make: (options: nn.RecurrentOptions) => new nn.RNN(I, H, options), slots: 1 },
} as const;
const runs = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) =>
  (["step", "sequence4"] as const).map((version) => ({ kind, version })),
);

function hiddenOf(state: Tensor | { readonly h: Tensor }): Tensor {
  return "h" in state ? state.h : state;
}

/** Output, last state and, when training, all gradients; and the program's memory. */
async function run(
  device: Device,
  layer: nn.LSTM | nn.GRU | nn.RNN,
  results: { readonly gradients: boolean; readonly output: boolean },
) {
  const step = await device.compile(
    ({ x }) => {
      const { output, state } = layer.forward(x);
      const last = hiddenOf(state);
      const forward: Record<string, Tensor> = results.output ? { output, last } : { last };
      if (!results.gradients) return forward;
      const loss = output.mul(output).mean().add(last.mean());
      const wanted = [x, ...layer.parameters()];
      const gradients = grad(loss, wanted).map((gradient, i) => [`gradient ${i}`, gradient] as const);
      return { ...forward, ...Object.fromEntries(gradients) };
    },
    { inputs: { x: [T, N, I] } },
  );
  const read = Object.entries(step.run({ x: values([T, N, I]) })).map(
    async ([name, result]) => [name, (await result.read()).data] as const,
  );
  const plan = await step.describe();
  const made = { results: new Map(await Promise.all(read)), memory: step.memory, plan };
  step.dispose();
  return made;
}

/** The same with and without something, from the same weights. */
function layersOf(kind: keyof typeof kinds, ...options: readonly nn.RecurrentOptions[]) {
  return options.map((one) => {
    manualSeed(3);
    return kinds[kind].make(one);
  });
}

const perUnit = (bytes: number) => bytes / (T * N * H);

describe.each(runs)("$kind, $version", ({ kind, version }) => {
  const { slots } = kinds[kind];
  const pins = pinned[version];

  test("inference keeps no gates, and no states if only the last is used; the numbers are the same", () =>
    withDevice(async (device) => {
      const [layer] = layersOf(kind, { bidirectional: kind === "gru" });
      const both = { gradients: false, output: true };
      const training = await run(device, layer!, { gradients: true, output: true });
      const inference = await run(device, layer!, both);
      const last = await run(device, layer!, { gradients: false, output: false });
      for (const name of ["output", "last"]) {
        expect(inference.results.get(name), name).toEqual(training.results.get(name));
      }
      expect(last.results.get("last")).toEqual(training.results.get("last"));
      const directions = kind === "gru" ? 2 : 1;
      const chunk = (26 * N * H * slots * 4) / (T * N * H);
      // Training keeps gates, h and c, 4 bytes each.
      expect(perUnit(training.memory.activation)).toBeGreaterThan(directions * (4 * slots + 4));
      const states = kind === "lstm" ? 8 : 4;
      const concatenated = directions > 1 ? 4 * directions : 0;
      expect(perUnit(inference.memory.activation)).toBeLessThan(
        directions * states + concatenated + chunk + 1,
      );
      expect(perUnit(last.memory.activation)).toBeLessThan(chunk + 2);
      layer!.dispose();
    }, pins));

  test("recompute gives the same numbers without keeping every step's gates", () =>
    withDevice(async (device) => {
      const layers = layersOf(kind, {}, { recompute: true }, { recompute: 7 });
      const [kept, chosen, short] = await Promise.all(
        layers.map((layer) => run(device, layer, { gradients: true, output: true })),
      );
      for (const recomputed of [chosen!, short!]) {
        for (const [name, data] of kept!.results) {
          const got = recomputed.results.get(name)!;
          if (name === "output" || name === "last") expect(got, name).toEqual(data);
          else expectClose(name, got, { dtype: "F64", data: Float64Array.from(data), shape: [data.length] });
        }
        expect(recomputed.memory.activation).toBeLessThan(kept!.memory.activation);
      }
      // An Elman RNN's gates are as small as the copies of a short chunk.
      if (slots === 4) expect(short!.memory.activation).toBeLessThan(chosen!.memory.activation);
      const bytes = perUnit(kept!.memory.activation).toFixed(1);
      expect(kept!.plan).toContain(`(${bytes} bytes a time step, batch row and unit)`);
      for (const layer of layers) layer.dispose();
    }, pins));
});

test("refuses a recompute that is neither a flag nor a number of steps", async () => {
  for (const bad of [0, 1.5, -1, "yes"]) {
    await expectRefusal(
      () => new nn.LSTM(1, 1, { recompute: bad as never }),
      OptionError,
      "LSTM: recompute must be",
      `got ${JSON.stringify(bad)}`,
    );
  }
});
