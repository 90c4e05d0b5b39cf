import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, Generator, grad, manualSeed, type NDArray, nn, optim, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { expectRefusal } from "../refusal.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { runModule } from "./modules-case.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const used = new Map<string, number>();
afterAll(() => {
  const worst = [...used].sort((a, b) => b[1] - a[1]).slice(0, 5);
  console.log(
    `Embedding, largest shares of budget: ${worst.map(([n, u]) => `${n} ${u.toFixed(3)}`).join(", ")}`,
  );
});

test.for(goldenNames("embedding"))("Embedding against PyTorch float64: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const [paddingIdx] = golden.numbers("padding_idx");
  const results = await frame.run((device) => {
    const options = paddingIdx === undefined ? {} : { paddingIdx };
    return runModule(
      device,
      new nn.Embedding(golden.number("rows"), golden.number("width"), options),
      golden,
    );
  });
  expect(results.size).toBe(2);
  for (const [key, { data, shape }] of results) {
    const expected = golden.tensor(key);
    const share = budgetUsed(data, expected);
    used.set(`${name} ${key}`, share);
    const row = name.replace("embedding_", "Embedding ").replaceAll("_", " ");
    recordParity(task, { section: "Layers", row, budget: float32Budget, used: share });
    expect(shape).toEqual(expected.shape);
    expectClose(`${name} ${key}`, data, expected);
  }
});

/** The gradient of a table for given gradients of the rows that indices read. */
async function tableGradient(
  indices: Float32Array,
  gradY: Float32Array,
  [rows, width, paddingIdx]: readonly [number, number, number?],
) {
  return frame.run(async (device) => {
    const embedding = new nn.Embedding(rows, width, paddingIdx === undefined ? {} : { paddingIdx });
    const step = await device.compile(
      // An index that is computed is not checked.
      ({ i, g }) => ({ weight: grad(embedding.forward(i.mul(1)).mul(g).sum(), [embedding.weight])[0]! }),
      { inputs: { i: [indices.length], g: [indices.length, width] } },
    );
    const { data } = await step.run({ i: indices, g: gradY }).weight.read();
    const kernels = step.program.source.dispatches.map(({ kernel }) => kernel.name);
    step.dispose();
    embedding.dispose();
    return { data, kernels };
  });
}

test.each([
  ["few indices", 256, 65, 5],
  ["one more", 257, 65, 5],
  ["one row", 700, 1, 3],
  ["fewer rows than a digit", 5000, 63, 4],
  ["as many rows as a digit", 3000, 127, 2],
  ["two digits", 3000, 128, 2],
  ["three digits, most rows unread", 900, 70_000, 1],
  ["a whole number of chunks", 4096, 10, 1],
] as const)(
  "a table's gradient against float64, padding and bad indices left out: %s",
  async (_, count, rows, width) => {
    const generator = new Generator(count);
    const draw = generator.uniform_(new Float32Array(count), 0, 1);
    const indices = draw.map((value) => Math.floor(value * rows));
    const padding = rows > 1 ? Math.floor(rows / 2) : undefined;
    // Neither a row nor the padding.
    for (const [i, bad] of [-1, rows, 0.5, 1e30].entries()) indices[i * 7] = bad;
    const gradY = generator.uniform_(new Float32Array(count * width), -1, 1);
    const expected = new Float64Array(rows * width);
    for (const [i, index] of indices.entries()) {
      if (!(Number.isInteger(index) && index >= 0 && index < rows) || index === padding) continue;
      for (let j = 0; j < width; j++) expected[index * width + j]! += gradY[i * width + j]!;
    }
    const size = [rows, width, ...(padding === undefined ? [] : [padding])] as [number, number, number?];
    const { data, kernels } = await tableGradient(indices, gradY, size);
    expect(kernels.includes("embedding_backward")).toBe(count <= 256);
    // Sums of at most 5,000 values of ±1.
    const far = [...data.entries()].filter(([i, value]) => !(Math.abs(value - expected[i]!) <= 2e-5));
    expect(far).toEqual([]);
    const { data: again } = await tableGradient(indices, gradY, size);
    expect(again).toEqual(data);
  },
);

test("the gradient of a row that comes 200,000 times is as exact as that of others", async () => {
  const count = 200_000;
  const indices = new Float32Array(count).fill(1);
  indices[count - 1] = 0;
  const { data } = await tableGradient(indices, new Float32Array(count).fill(0.1), [3, 1]);
  const exact = Math.fround(0.1) * (count - 1);
  expect(data[0]).toBe(Math.fround(0.1));
  expect(Math.abs(data[1]! / exact - 1)).toBeLessThan(1e-6);
  expect(data[2]).toBe(0);
});

test("the padding row starts as zeros, stays zero, and gets no gradient", async () => {
  await frame.run(async (device) => {
    manualSeed(0);
    const embedding = new nn.Embedding(4, 3, { paddingIdx: -1 });
    expect(embedding.paddingIdx).toBe(3);
    const step = await device.compile(
      ({ x }) => ({ loss: embedding.forward(x).add(1).mul(embedding.forward(x)).sum() }),
      {
        inputs: { x: [4] },
        minimize: "loss",
        optimizer: new optim.Adam(embedding.parameters(), { lr: 0.1 }),
      },
    );
    const before = (await embedding.weight.read()).data;
    step.run({ x: Int32Array.of(3, 1, 3, 0) });
    const after = (await embedding.weight.read()).data;
    const moved = [...after].map((value, i) => value !== before[i]);
    expect(moved).toEqual([...Array(6).fill(true), ...Array(6).fill(false)]);
    expect([...after.subarray(9)]).toEqual([0, 0, 0]);
    step.dispose();
    embedding.dispose();
  });
});

const table: NDArray = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };

describe("fromPretrained", () => {
  test.each([true, false])("freeze %s", async (freeze) => {
    await frame.run(async (device) => {
      const embedding = nn.Embedding.fromPretrained(table, { freeze, paddingIdx: 0 });
      expect([embedding.numEmbeddings, embedding.embeddingDim, embedding.paddingIdx]).toEqual([3, 2, 0]);
      expect([...embedding.namedParameters()].map(([key]) => key)).toEqual(["weight"]);
      const linear = new nn.Linear(2, 1);
      const step = await device.compile(({ x }) => ({ loss: linear.forward(embedding.forward(x)).sum() }), {
        inputs: { x: [2] },
        minimize: "loss",
        optimizer: new optim.Adam([...embedding.parameters(), ...linear.parameters()], { lr: 0.1 }),
      });
      step.run({ x: Float32Array.of(0, 2) });
      const { data } = await embedding.weight.read();
      // A given padding row is kept, and is never learned.
      expect([...data.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
      expect(data[4] === 5).toBe(freeze);
      expect([...table.data]).toEqual([1, 2, 3, 4, 5, 6]);
      step.dispose();
      embedding.dispose();
      linear.dispose();
    });
  });

  test("draws nothing", () => {
    const generator = manualSeed(5);
    const before = generator.getState();
    nn.Embedding.fromPretrained(table);
    expect(generator.getState()).toEqual(before);
  });
});

describe("an index outside the table", () => {
  const bad: [string, number[], string][] = [
    ["too large", [0, 3], "got 3 at index 1"],
    ["negative", [-1, 0], "got -1 at index 0"],
    ["no integer", [0, 0.5], "got 0.5 at index 1"],
  ];
  test.each(bad)("from the host is refused before a run: %s", async (_, indices, complaint) => {
    await frame.run(async (device) => {
      const embedding = nn.Embedding.fromPretrained(table);
      const step = await device.compile(
        // Through every view, the check follows the elements back to the input.
        ({ x }) => ({
          out: embedding.forward(
            x.detach().reshape([1, 2]).permute([1, 0]).expand([2, 3]).slice(1, 1).select(1, 0),
          ),
        }),
        { inputs: { x: [2] } },
      );
      await expectRefusal(
        () => step.run({ x: Float32Array.from(indices) }),
        DataError,
        "step.run: input x",
        "index of an embedding",
        "an integer from 0 to 2",
        complaint,
      );
      expect([...(await step.run({ x: Uint8Array.of(2, 0) }).out.read()).data]).toEqual([5, 6, 1, 2]);
      step.dispose();
      embedding.dispose();
    });
  });

  test("that is not looked up is not checked", async () => {
    await frame.run(async (device) => {
      const embedding = nn.Embedding.fromPretrained(table);
      const step = await device.compile(({ x }) => ({ out: embedding.forward(x.slice(0, 0, 4, 2)) }), {
        inputs: { x: [4] },
      });
      const { data } = await step.run({ x: Int32Array.of(1, 99, 0, -5) }).out.read();
      expect([...data]).toEqual([3, 4, 1, 2]);
      step.dispose();
      embedding.dispose();
    });
  });

  test("from the GPU gives NaN and changes no row of the gradient", async () => {
    await frame.run(async (device) => {
      const embedding = nn.Embedding.fromPretrained(table, { freeze: false });
      const step = await device.compile(
        ({ x }) => {
          const out = embedding.forward(x.mul(1));
          return { out, gradient: grad(out.sum(), [embedding.weight])[0]! };
        },
        { inputs: { x: [6] } },
      );
      const run = step.run({ x: Float32Array.of(1, 3, -1, 0.5, 2 ** 24, 1) });
      const nan = Number.NaN;
      expect([...(await run.out.read()).data]).toEqual([3, 4, nan, nan, nan, nan, nan, nan, nan, nan, 3, 4]);
      expect([...(await run.gradient.read()).data]).toEqual([0, 0, 2, 2, 0, 0]);
      step.dispose();
      embedding.dispose();
    });
  });
});

test("indices have no gradient, and equal runs give equal bits", async () => {
  await frame.run(async (device) => {
    const embedding = new nn.Embedding(3, 2);
    const step = await device.compile(
      ({ x, w }: { x: Tensor; w: Tensor }) => {
        const loss = embedding.forward(x).mul(w).sum();
        const [gradX, gradWeight] = grad(loss, [x, embedding.weight]) as [Tensor, Tensor];
        return { gradX, gradWeight };
      },
      { inputs: { x: [200], w: [200, 2] } },
    );
    const x = Uint16Array.from({ length: 200 }, (_, i) => (i * 7) % 3);
    const w = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i));
    const first = step.run({ x, w });
    const bits = async (result: (typeof first)["gradX"]) => [
      ...new Uint32Array((await result.read()).data.buffer),
    ];
    expect(await bits(first.gradX)).toEqual(Array(200).fill(0));
    const gradient = await bits(first.gradWeight);
    expect(await bits(step.run({ x, w }).gradWeight)).toEqual(gradient);
    step.dispose();
    embedding.dispose();
  });
});
