import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError, grad, nn, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Given = ConstructorParameters<typeof nn.MultiheadAttention>;
type Inputs = Readonly<Record<string, Tensor>>;

test.for(goldenNames("attention"))(
  "MultiheadAttention against PyTorch float64: %s",
  async (name, { task }) => {
    const golden = await loadGolden(name);
    const same = golden.boolean("same");
    await frame.run(async (device) => {
      const attention = new nn.MultiheadAttention(...(golden.list("arguments") as unknown as Given));
      const keys = golden.names("param.");
      expect([...attention.namedParameters()].map(([key]) => key).sort()).toEqual([...keys].sort());
      attention.loadStateDict(new Map(keys.map((key) => [key, golden.input(`param.${key}`)])));
      const inputs = Object.fromEntries(
        [...golden.tensors.keys()]
          .filter((key) => !/^(param|out|grad)\./.test(key))
          .map((key) => [key, golden.input(key)]),
      );
      const step = await device.compile(
        (given) => {
          const { query, key, value, target_output, target_weights, ...masks } = given as Inputs;
          const { output, weights } = attention.forward(
            query!,
            same ? query! : key!,
            same ? query! : value!,
            {
              ...masks,
              averageAttnWeights: golden.boolean("average"),
            },
          );
          const loss = new nn.MSELoss()
            .forward(output, target_output!)
            .add(new nn.MSELoss().forward(weights!, target_weights!));
          const tensors = new Map<string, Tensor>([...Object.entries(given), ...attention.namedParameters()]);
          const wanted = golden.names("grad.");
          const gradients = grad(
            loss,
            wanted.map((key) => tensors.get(key)!),
          );
          return {
            "out.output": output,
            "out.weights": weights!,
            ...Object.fromEntries(wanted.map((key, i) => [`grad.${key}`, gradients[i]!])),
          };
        },
        { inputs: Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape])) },
      );
      for (const [key, result] of Object.entries(step.run(inputs))) {
        const { data, shape } = await result.read();
        const expected = golden.tensor(key);
        const row = `MultiheadAttention ${name.slice("attention_".length).replaceAll("_", " ")}`;
        recordParity(task, {
          section: "Layers",
          row,
          budget: float32Budget,
          used: budgetUsed(data, expected),
        });
        expect(shape, key).toEqual(expected.shape);
        expectClose(`${name} ${key}`, data, expected);
      }
      step.dispose();
      attention.dispose();
    });
  },
);

test("a query without a key is NaN, and reaches no other; what is masked may be NaN", () =>
  frame.run(async (device) => {
    const attention = new nn.MultiheadAttention(2, 1, { batchFirst: true });
    const step = await device.compile(
      ({ x, zero, padding }) => {
        const { output, weights } = attention.forward(x, x, x, { keyPaddingMask: padding });
        // 0/0 in a row that no other query attends to.
        const broken = x.add(zero.div(zero).mul(0));
        return { output, weights: weights!, broken: attention.forward(x, broken, x, {}).output };
      },
      { inputs: { x: [2, 3, 2], zero: [1], padding: [2, 3] } },
    );
    const results = step.run({
      x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      zero: Float32Array.of(0),
      padding: Float32Array.of(1, 1, 1, 0, 1, 0),
    });
    const output = (await results.output.read()).data;
    expect([...output.subarray(0, 6)].every(Number.isNaN)).toBe(true);
    expect([...output.subarray(6)].every(Number.isFinite)).toBe(true);
    const weights = (await results.weights.read()).data;
    expect([...weights.subarray(0, 9)].every(Number.isNaN)).toBe(true);
    for (const query of [0, 1, 2]) {
      expect(weights[9 + 3 * query + 1]).toBe(0);
      expect(weights[9 + 3 * query]! + weights[9 + 3 * query + 2]!).toBeCloseTo(1, 6);
    }
    expect([...(await results.broken.read()).data].every(Number.isNaN)).toBe(true);
    step.dispose();
    attention.dispose();
  }));

test("drops weights in training alone, and follows the mode", () =>
  frame.run(async (device) => {
    const attention = new nn.MultiheadAttention(4, 2, { dropout: 0.5 });
    const step = await device.compile(
      ({ x }) => {
        const { output, weights } = attention.forward(x, x, x, { averageAttnWeights: false });
        return { output, weights: weights! };
      },
      { inputs: { x: [6, 2, 4] } },
    );
    const x = Float32Array.from({ length: 48 }, (_, i) => Math.cos(i));
    const sums = async () => {
      const { data } = await step.run({ x }).weights.read();
      return { zeros: data.filter((weight) => weight === 0).length, sum: data.reduce((a, b) => a + b, 0) };
    };
    expect((await sums()).zeros).toBeGreaterThan(20);
    attention.eval();
    const { zeros, sum } = await sums();
    expect(zeros).toBe(0);
    expect(sum).toBeCloseTo(2 * 2 * 6, 4);
    step.dispose();
    attention.dispose();
  }));

test("gives no weights where none are asked for, and refuses wrong options and inputs by name", async () => {
  const make = (...given: unknown[]) => new nn.MultiheadAttention(...(given as [number, number]));
  expect(() => make(4, 3)).toThrow(
    new OptionError("MultiheadAttention: numHeads must divide embedDim (4), got 3"),
  );
  expect(() => make(4, 2, { addZeroAttn: true })).toThrow(/unknown option "addZeroAttn"/);
  expect(() => make(4, 2, { dropout: 2 })).toThrow(/dropout must be a probability from 0 to 1, got 2/);
  await frame.run(async (device) => {
    const attention = make(4, 2, { batchFirst: true });
    const trace = (
      shapes: Readonly<Record<string, readonly number[]>>,
      options: (masks: Inputs) => object = (masks) => masks,
    ) =>
      device.compile(
        (given) => {
          const { q, k, v, ...masks } = given as Inputs;
          const { output, weights } = attention.forward(q!, k!, v!, options(masks));
          return { output, ...(weights && { weights }) };
        },
        { inputs: shapes },
      );
    const sound = { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4] };
    const step = await trace(sound, () => ({ needWeights: false }));
    const zeros = { q: new Float32Array(24), k: new Float32Array(40), v: new Float32Array(40) };
    expect(Object.keys(step.run(zeros))).toEqual(["output"]);
    step.dispose();
    await expect(trace({ ...sound, v: [2, 6, 4] })).rejects.toThrow(ShapeError);
    await expect(trace({ ...sound, k: [1, 5, 4] })).rejects.toThrow(
      /query, key and value must be \[N, L, 4\], \[N, S, 4\] and \[N, S, 4\], or all without N, got \[2, 3, 4\], \[1, 5, 4\] and \[2, 5, 4\]/,
    );
    await expect(trace({ ...sound, q: [3, 4] })).rejects.toThrow(ShapeError);
    await expect(trace({ ...sound, keyPaddingMask: [2, 3] })).rejects.toThrow(
      /keyPaddingMask must be \[2, 5\], got \[2, 3\]/,
    );
    await expect(trace({ ...sound, attnMask: [5, 3] })).rejects.toThrow(
      /attnMask must be \[3, 5\] or \[4, 3, 5\], got \[5, 3\]/,
    );
    await expect(trace(sound, () => ({ isCausal: true }))).rejects.toThrow(/unknown option "isCausal"/);
    const masked = await trace({ ...sound, keyPaddingMask: [2, 5] });
    const mask = new Float32Array(10).fill(0.5, 3, 4);
    expect(() => masked.run({ ...zeros, keyPaddingMask: mask })).toThrow(DataError);
    expect(() => masked.run({ ...zeros, keyPaddingMask: mask })).toThrow(
      /input keyPaddingMask: every keyPaddingMask must be 0 or 1, got 0.5 at index 3/,
    );
    masked.dispose();
    attention.dispose();
  });
});

test("the gradients of attention match difference quotients", () =>
  frame.run(async (device) => {
    const [embed, heads, L, S] = [4, 2, 3, 5];
    const attention = new nn.MultiheadAttention(embed, heads);
    const state = new Map(
      [...(await attention.stateDict())].map(([key, { data }]) => [key, Float64Array.from(data)]),
    );
    // Without biases, which start at 0.
    const project = (x: Float64Array, weight: Float64Array) =>
      Float64Array.from({ length: x.length }, (_, e) => {
        const [row, column] = [Math.floor(e / embed), e % embed];
        let sum = 0;
        for (let i = 0; i < embed; i++) sum += x[row * embed + i]! * weight[column * embed + i]!;
        return sum;
      });
    const part = (i: number) =>
      state.get("in_proj_weight")!.subarray(i * embed * embed, (i + 1) * embed * embed);
    const attend = (query: Float64Array, key: Float64Array, value: Float64Array) => {
      const [q, k, v] = [query, key, value].map((x, i) => project(x, part(i))) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const size = embed / heads;
      const mixed = new Float64Array(L * embed);
      for (let head = 0; head < heads; head++) {
        for (let l = 0; l < L; l++) {
          const scores = Array.from({ length: S }, (_, s) => {
            let sum = 0;
            for (let i = head * size; i < (head + 1) * size; i++)
              sum += q[l * embed + i]! * k[s * embed + i]!;
            return Math.exp(sum / Math.sqrt(size));
          });
          const total = scores.reduce((a, b) => a + b);
          for (let i = head * size; i < (head + 1) * size; i++) {
            for (const [s, score] of scores.entries())
              mixed[l * embed + i]! += (score / total) * v[s * embed + i]!;
          }
        }
      }
      return project(mixed, state.get("out_proj.weight")!);
    };
    await checkGradient(
      device,
      { query: [L, 1, embed], key: [S, 1, embed], value: [S, 1, embed] },
      ({ query, key, value }) => attention.forward(query!, key!, value!).output,
      ({ query, key, value }) => attend(query!.data, key!.data, value!.data),
      3,
    );
    attention.dispose();
  }));
