import { afterAll, beforeAll, expect, test } from "vitest";
import { grad, nn, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Arguments = Parameters<Tensor["pad"]>;

test.for(goldenNames("pad"))("Tensor.pad against PyTorch float64: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const [x, weights] = [golden.input("x"), golden.input("weights")];
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x, weights }) => {
        const out = x.pad(...(golden.list("arguments") as Arguments));
        return { out, "grad.x": grad(out.mul(weights).sum(), [x])[0]! };
      },
      { inputs: { x: x.shape, weights: weights.shape } },
    );
    for (const [key, result] of Object.entries(step.run({ x, weights }))) {
      const { data, shape } = await result.read();
      const expected = golden.tensor(key);
      const row = `pad ${name.slice(4).replaceAll("_", " ")}`;
      recordParity(task, {
        section: "Tensor ops",
        row,
        budget: float32Budget,
        used: budgetUsed(data, expected),
      });
      expect(shape).toEqual(expected.shape);
      expectClose(`${name} ${key}`, data, expected);
    }
    step.dispose();
  });
});

test("takes away before it goes round, as PyTorch does", () =>
  frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => ({ left: x.pad([-1, 2], "circular"), right: x.pad([2, -3], "circular") }),
      { inputs: { x: [5] } },
    );
    const { left, right } = step.run({ x: Float32Array.of(0, 1, 2, 3, 4) });
    expect([...(await left.read()).data]).toEqual([1, 2, 3, 4, 1, 2]);
    expect([...(await right.read()).data]).toEqual([0, 1, 0, 1]);
    step.dispose();
  }));

test("pads with an infinity, and nothing at all", () =>
  frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => ({
        masked: x.pad([1, 0], "constant", Number.NEGATIVE_INFINITY),
        nan: x.pad([0, 1], "constant", Number.NaN),
        same: x.pad([]).add(0),
        zeros: x.pad([0, 0, 0, 0], "reflect").add(0),
      }),
      { inputs: { x: [1, 2] } },
    );
    const { masked, nan, same, zeros } = step.run({ x: Float32Array.of(1, 2) });
    expect([...(await masked.read()).data]).toEqual([Number.NEGATIVE_INFINITY, 1, 2]);
    expect([...(await nan.read()).data]).toEqual([1, 2, Number.NaN]);
    expect([...(await same.read()).data]).toEqual([1, 2]);
    expect([...(await zeros.read()).data]).toEqual([1, 2]);
    step.dispose();
  }));

test("refuses wrong amounts and modes by name", async () => {
  const trace = (...given: unknown[]) =>
    frame.run((device) =>
      device.compile(({ x }) => ({ y: x.pad(...(given as Arguments)) }), { inputs: { x: [2, 3, 4] } }),
    );
  await expect(trace([1])).rejects.toThrow(ShapeError);
  await expect(trace([1])).rejects.toThrow(
    /padding must be an array of two integers for each padded dimension/,
  );
  await expect(trace([1, 1, 1, 1, 1, 1, 1, 1])).rejects.toThrow(/at most 3 pairs for \[2, 3, 4\]/);
  await expect(trace([0.5, 1])).rejects.toThrow(ShapeError);
  await expect(trace(2)).rejects.toThrow(ShapeError);
  await expect(trace([1, 1], "edge")).rejects.toThrow(OptionError);
  await expect(trace([1, 1], "reflect", 1)).rejects.toThrow(/value is for mode "constant"/);
  await expect(trace([4, 0], "reflect")).rejects.toThrow(
    /mode reflect can add at most 3 at an end of dim 2 with 4 elements/,
  );
  await expect(trace([5, 0], "circular")).rejects.toThrow(/at most 4/);
  await expect(trace([-2, -2])).rejects.toThrow(/leaves nothing of dim 2/);
  await expect(trace([1, 1], "constant", 0, 1)).rejects.toThrow(/unknown argument/);
});

test("stays between a layer and its gradient", () =>
  frame.run(async (device) => {
    // A leaf that is padded twice, in two ways: its gradients add up.
    const linear = new nn.Linear(4, 1, { bias: false });
    linear.weight.write(Float32Array.of(1, 10, 100, 1000));
    const step = await device.compile(
      ({ x }) => {
        const loss = linear
          .forward(x.pad([1, 1], "circular"))
          .add(linear.forward(x.pad([2, 0])))
          .sum();
        return { g: grad(loss, [x])[0]! };
      },
      { inputs: { x: [1, 2] } },
    );
    const { g } = step.run({ x: Float32Array.of(1, 2) });
    expect([...(await g.read()).data]).toEqual([1010 + 100, 101 + 1000]);
    step.dispose();
    linear.dispose();
  }));
