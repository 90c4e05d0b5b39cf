/** Results that a step carries to its next run. */
import { describe, expect, test } from "vitest";
import { type Device, nn, OptionError, optim, ShapeError, type Tensor } from "webgpu-lstm";
import { refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { values } from "./tiny.ts";

const N = 3;

/** x [N], and the carried inputs. */
const running = (
  device: Device,
  fn: (inputs: { x: Tensor; a: Tensor; b: Tensor }) => object,
  carry: object,
) =>
  device.compile(fn as (inputs: Readonly<Record<string, Tensor>>) => Record<string, Tensor>, {
    inputs: { x: [N], a: [N], b: [N] },
    carry,
  });

describe("carry", () => {
  test("a running sum starts at zero, continues by itself, and can be reset by an input", () =>
    withDevice(async (device) => {
      const step = await device.compile(({ x, sum }) => ({ sum: sum.add(x) }), {
        inputs: { x: [N], sum: [N] },
        carry: { sum: "sum" },
      });
      const x = Float32Array.of(1, 2, 3);
      step.run({ x });
      const { data } = await step.run({ x }).sum.read();
      expect([...data]).toEqual([2, 4, 6]);
      const again = await step.run({ x, sum: Float32Array.of(10, 20, 30) }).sum.read();
      expect([...again.data]).toEqual([11, 22, 33]);
      expect([...(await step.ask({ x }, "sum")).data]).toEqual([12, 24, 36]);
      step.dispose();
    }));

  test("two inputs can swap, one can stay unchanged, and two can take one result", () =>
    withDevice(async (device) => {
      const x = Float32Array.of(1, 1, 1);
      const [a, b] = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)];
      const swap = await running(device, ({ a, b, x }) => ({ a: b, b: a, y: a.add(x) }), { a: "a", b: "b" });
      const seen: number[][] = [];
      swap.run({ x, a, b });
      for (let i = 0; i < 3; i++) seen.push([...(await swap.ask({ x }, "y")).data]);
      expect(seen).toEqual([
        [5, 6, 7],
        [2, 3, 4],
        [5, 6, 7],
      ]);
      swap.dispose();

      const kept = await running(device, ({ a, b, x }) => ({ a, b: b.add(x), y: a.add(b) }), {
        a: "a",
        b: "b",
      });
      kept.run({ x, a, b });
      kept.run({ x });
      const { a: same, y } = kept.run({ x });
      expect([...(await y!.read()).data]).toEqual([7, 9, 11]);
      expect([...(await same!.read()).data]).toEqual([1, 2, 3]);
      kept.dispose();

      const both = await running(device, ({ a, b, x }) => ({ y: a.add(b).add(x) }), { a: "y", b: "y" });
      both.run({ x });
      both.run({ x });
      expect([...(await both.ask({ x }, "y")).data]).toEqual([7, 7, 7]);
      both.dispose();
    }));

  test("truncated back-propagation equals passing the state from run to run", () =>
    withDevice(async (device) => {
      const criterion = new nn.MSELoss();
      const inputs = { x: [5, N, 2], y: [5, N, 4], h: [1, N, 4], c: [1, N, 4] } as const;
      const losses = async (carried: boolean) => {
        const model = new nn.LSTM(2, 4);
        model.loadStateDict(weights);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const step = await device.compile(
          ({ x, y, h, c }) => {
            const { output, state } = model.forward(x, { h, c });
            return { loss: criterion.forward(output, y), h: state.h, c: state.c };
          },
          { inputs, minimize: "loss", optimizer, ...(carried ? { carry: { h: "h", c: "c" } } : {}) },
        );
        const zero = new Float32Array(N * 4);
        const found: number[] = [];
        let state: Parameters<typeof step.run>[0] = { h: zero, c: zero };
        for (let i = 0; i < 4; i++) {
          const batch = { x: values(inputs.x, i), y: values(inputs.y, i + 9) };
          const { loss, h, c } = step.run(carried ? batch : { ...batch, ...state });
          state = { h, c };
          found.push(await loss.item());
        }
        step.dispose();
        model.dispose();
        return found;
      };
      const weights = await new nn.LSTM(2, 4).stateDict();
      expect(await losses(true)).toEqual(await losses(false));
    }));

  test("refuses bad options and other sizes", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const sum = ({ x, a, b }: { x: Tensor; a: Tensor; b: Tensor }) => ({ y: a.add(b).add(x), z: x.sum() });
      await refuses(() => running(device, sum, { q: "y" }), OptionError, "carry", 'no input "q"', "x, a, b");
      await refuses(() => running(device, sum, { a: "q" }), OptionError, "carry", 'result "q"', "y, z");
      await refuses(
        () => running(device, sum, { a: "z" }),
        OptionError,
        "carry",
        "[3]",
        "[]",
        "keep its shape",
      );
      await refuses(() => running(device, sum, ["a"]), OptionError, "carry");
      const step = await running(device, sum, { a: "y", b: "y" });
      const x = new Float32Array(N);
      await refuses(() => step.run({ x: new Float32Array(5) }), ShapeError, "x must be [3]", "got [5]");
      await refuses(() => step.run({}), OptionError, "step.run", "input x");
      await refuses(() => step.ask({ x }, "q"), OptionError, "step.ask", '"q"', "y, z");
      await refuses(
        () => step.ask(wrong("y"), wrong({ x })),
        OptionError,
        "step.ask: the values come first",
        'step.ask({ x }, "y")',
      );
      step.dispose();
    }));
});
