import { afterAll, describe, expect, test } from "vitest";
import { type Device, grad, type NDArray, nn, type Tensor, type VersionPins } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";

/** Every version of every kernel passes every case. */
const versions: VersionPins[] = [
  { lstm: "step", gemm: "register" },
  { lstm: "cell", gemm: "register" },
  { lstm: "cell", gemm: "shared" },
];

/**
 * Budgets other than torch's default. With weights 100 times as large, a rounding of the preactivations in float32 becomes a
 * hundredfold error behind the steep parts of the gates: PyTorch's own float32 uses 320 times the budget there.
 */
const factors: Readonly<Record<string, number>> = { lstm_saturated: 320 };

/** Runs a case's LSTM forward and backward once; results under the golden's names. */
async function runCase(device: Device, golden: GoldenCase): Promise<Map<string, NDArray>> {
  const lstm = new nn.LSTM(golden.number("input_size"), golden.number("hidden_size"), {
    numLayers: golden.number("num_layers"),
    bias: golden.boolean("bias"),
    batchFirst: golden.boolean("batch_first"),
  });
  lstm.loadStateDict(new Map(golden.names("param.").map((name) => [name, golden.input(`param.${name}`)])));
  const parameters = [...lstm.namedParameters()];
  const criterion = new nn.MSELoss();
  const withState = golden.boolean("initial_state");
  const inputNames = ["x", "target_output", "target_h", "target_c", ...(withState ? ["h0", "c0"] : [])];
  const inputs = Object.fromEntries(inputNames.map((name) => [name, golden.input(name)]));
  const shapes = Object.fromEntries(inputNames.map((name) => [name, inputs[name]!.shape]));

  const step = await device.compile(
    (given) => {
      const input = (name: string) => given[name]!;
      const initial = withState ? { h: input("h0"), c: input("c0") } : undefined;
      const { output, state } = lstm.forward(input("x"), initial);
      const loss = criterion
        .forward(output, input("target_output"))
        .add(criterion.forward(state.h, input("target_h")))
        .add(criterion.forward(state.c, input("target_c")));
      const wanted = new Map<string, Tensor>([["x", input("x")], ...parameters]);
      if (withState) wanted.set("h0", input("h0")).set("c0", input("c0"));
      const gradients = grad(loss, [...wanted.values()]);
      const results: Record<string, Tensor> = {
        loss,
        "out.output": output,
        "out.h_n": state.h,
        "out.c_n": state.c,
      };
      for (const [i, name] of [...wanted.keys()].entries()) results[`grad.${name}`] = gradients[i]!;
      return results;
    },
    { inputs: shapes },
  );
  const results = step.run(inputs);
  const values = await Promise.all(
    Object.entries(results).map(async ([name, result]) => [name, await result.read()] as const),
  );
  step.dispose();
  lstm.dispose();
  return new Map(values);
}

const used = new Map<string, number>();
afterAll(() => {
  const worst = [...used].sort((a, b) => b[1] - a[1]).slice(0, 3);
  console.log(
    `LSTM goldens, largest share of budget used: ${worst.map(([n, u]) => `${n} ${u.toFixed(3)}`).join(", ")}`,
  );
});

describe.each(versions)("LSTM against PyTorch float64: $lstm, $gemm", (pins) => {
  test.each(goldenNames("lstm"))("%s", async (name) => {
    const golden = await loadGolden(name);
    await withDevice(
      async (device) => {
        const results = await runCase(device, golden);
        const names = [
          ...golden.names("out.").map((n) => `out.${n}`),
          "loss",
          ...golden.names("grad.").map((n) => `grad.${n}`),
        ];
        expect([...results.keys()].sort()).toEqual([...names].sort());
        for (const result of names) {
          const expected = golden.tensor(result);
          const actual = results.get(result)!;
          expect(actual.shape, `${result}: shape`).toEqual(expected.shape);
          const label = `${name} ${pins.lstm} ${pins.gemm} ${result}`;
          used.set(label, expectClose(label, actual.data, expected, factors[name]));
        }
      },
      { versions: pins },
    );
  });
});
