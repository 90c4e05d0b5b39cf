import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError, type Device, grad, nn, OptionError, ShapeError, type Tensor, tensor } from "webgpu-lstm";
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

type Inputs = Readonly<Record<string, Tensor>>;

test.for(goldenNames("ctc"))("CTCLoss against PyTorch float64: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const keys = ["scores", "targets", "input_lengths", "target_lengths", "weights"];
  const inputs = Object.fromEntries(keys.map((key) => [key, golden.input(key)]));
  await frame.run(async (device) => {
    const criterion = new nn.CTCLoss(golden.json("options") as nn.CTCLossOptions);
    const step = await device.compile(
      (given) => {
        const { scores, targets, input_lengths, target_lengths, weights } = given as Inputs;
        const logProbs = scores!.logSoftmax(-1);
        const out = criterion.forward(logProbs, targets!, input_lengths!, target_lengths!);
        const [gradScores, gradLogProbs] = grad(out.mul(weights!).sum(), [scores!, logProbs]);
        return { out, "grad.scores": gradScores!, "grad.log_probs": gradLogProbs! };
      },
      { inputs: Object.fromEntries(keys.map((key) => [key, golden.input(key).shape])) },
    );
    for (const [key, result] of Object.entries(step.run(inputs))) {
      const { data, shape } = await result.read();
      const expected = golden.tensor(key);
      const row = `CTCLoss ${name.slice(4).replaceAll("_", " ")}`;
      recordParity(task, { section: "Losses", row, budget: float32Budget, used: budgetUsed(data, expected) });
      expect(shape, key).toEqual(expected.shape);
      expectClose(`${name} ${key}`, data, expected);
    }
    step.dispose();
  });
});

/** -log of the summed probabilities of all alignments, one by one: only for few steps and classes. */
function byAlignments(
  scores: Float64Array,
  steps: number,
  classes: number,
  target: readonly number[],
): number {
  let total = 0;
  const visit = (t: number, path: readonly number[], probability: number): void => {
    if (t === steps) {
      const collapsed = path.filter((label, i) => label !== 0 && label !== path[i - 1]);
      if (collapsed.join() === target.join()) total += probability;
      return;
    }
    const row = scores.subarray(t * classes, (t + 1) * classes);
    const sum = row.reduce((a, b) => a + Math.exp(b), 0);
    for (const [label, score] of row.entries())
      visit(t + 1, [...path, label], (probability * Math.exp(score)) / sum);
  };
  visit(0, [], 1);
  return -Math.log(total);
}

test.each([[[1, 2]], [[1, 1]], [[2]], [[1, 2, 1]]])(
  "the loss of labels %j is that of all alignments, and its gradient that loss's difference quotient",
  (target) =>
    frame.run((device) =>
      checkGradient(
        device,
        { scores: [5, 1, 3] },
        ({ scores }) => {
          const criterion = new nn.CTCLoss({ reduction: "none" });
          return criterion.forward(scores!.logSoftmax(-1), tensor([target]), [5], [target.length]);
        },
        ({ scores }) => Float64Array.of(byAlignments(scores!.data, 5, 3, target)),
        target.length,
      ),
    ),
);

/** The losses and gradients of log-probabilities, targets and lengths that are all computed on the GPU. */
async function run(
  device: Device,
  criterion: nn.CTCLoss,
  logProbs: number[][][],
  targets: number[][],
  lengths: number[][],
) {
  const [T, N, C, S] = [logProbs.length, logProbs[0]!.length, logProbs[0]![0]!.length, targets[0]!.length];
  const shapes = { over: [T, N, C], under: [T, N, C], targets: [N, S], steps: [N], labels: [N] };
  const step = await device.compile(
    ({ over, under, targets, steps, labels }) => {
      // Quotients may be NaN and infinite; sums keep the checks of inputs away.
      const probabilities = over.div(under);
      const out = criterion.forward(probabilities, targets.add(0), steps.add(0), labels.add(0));
      return { out, gradient: grad(out.sum(), [probabilities])[0]! };
    },
    { inputs: shapes },
  );
  const flat = logProbs.flat(2);
  const results = step.run({
    over: Float32Array.from(flat, (x) => (Number.isFinite(x) ? x : Number.isNaN(x) ? 0 : Math.sign(x))),
    under: Float32Array.from(flat, (x) => Number(Number.isFinite(x))),
    targets: Float32Array.from(targets.flat()),
    steps: Float32Array.from(lengths[0]!),
    labels: Float32Array.from(lengths[1]!),
  });
  const [out, gradient] = [await results.out.read(), await results.gradient.read()];
  step.dispose();
  return { out: [...out.data], gradient: [...gradient.data] };
}

const even = Math.log(1 / 3);
const row = [even, even, even];

test("NaN and -∞ stay with their item, and what is behind an item's end does not count", () =>
  frame.run(async (device) => {
    const criterion = new nn.CTCLoss({ reduction: "none" });
    const never = Number.NEGATIVE_INFINITY;
    const probabilities = [
      [row, [Number.NaN, even, even], [0, never, never], row],
      [row, row, [never, 0, never], row],
      [row, row, [0, never, never], [Number.NaN, Number.NaN, Number.NaN]],
    ];
    const { out, gradient } = await run(
      device,
      criterion,
      probabilities,
      [[1], [1], [1], [1]],
      [
        [3, 3, 3, 2],
        [1, 1, 1, 1],
      ],
    );
    // Six of 27 alignments, one alignment for sure, three of nine.
    expect(out[0]).toBeCloseTo(-Math.log(6 / 27), 5);
    expect(out[1]).toBeNaN();
    expect(out[2]).toBeCloseTo(0, 6);
    expect(out[3]).toBeCloseTo(-Math.log(3 / 9), 5);
    const of = (item: number) =>
      [0, 1, 2].flatMap((t) => gradient.slice((t * 4 + item) * 3, (t * 4 + item) * 3 + 3));
    expect(of(0).every(Number.isFinite)).toBe(true);
    expect(of(1).some(Number.isNaN)).toBe(true);
    expect(of(3).slice(0, 6).every(Number.isFinite)).toBe(true);
    expect(of(3).slice(6)).toEqual([0, 0, 0]);
  }));

test("labels and lengths computed on the GPU that are none give NaN; a target too long for its input ∞, or 0 if asked", () =>
  frame.run(async (device) => {
    const probabilities = [
      [row, row, row, row, row],
      [row, row, row, row, row],
    ];
    const targets = [
      [1, 9],
      [3, 0],
      [1.5, 0],
      [1, 2],
      [1, 1],
    ];
    const lengths = [
      [2, 2, 2, 3, 2],
      [1, 1, 1, 1, 2],
    ];
    for (const zeroInfinity of [false, true]) {
      const criterion = new nn.CTCLoss({ reduction: "none", zeroInfinity });
      const { out, gradient } = await run(device, criterion, probabilities, targets, lengths);
      expect(out[0]).toBeCloseTo(-Math.log(3 / 9), 5);
      expect(out.slice(1, 4)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect(out[4]).toBe(zeroInfinity ? 0 : Number.POSITIVE_INFINITY);
      const last = gradient.slice(12, 15);
      if (zeroInfinity) expect(last).toEqual([0, 0, 0]);
      else expect(last.some(Number.isNaN)).toBe(true);
    }
  }));

test("refuses wrong options, shapes and lengths by name", async () => {
  const make = (options: object) => new nn.CTCLoss(options);
  expect(() => make({ blank: -1 })).toThrow(
    new OptionError("CTCLoss: blank must be an integer of at least 0, got -1"),
  );
  expect(() => make({ zeroInf: true })).toThrow(/unknown option "zeroInf"/);
  expect(() => make({ reduction: "batch" })).toThrow(OptionError);
  await frame.run(async (device) => {
    type Lengths = number[] | undefined;
    const trace = (x: number[], y: number[], own: Lengths = [3, 4], wanted: Lengths = [1, 2], blank = 0) =>
      device.compile(({ x, y }) => ({ loss: make({ blank }).forward(x, y, own!, wanted!) }), {
        inputs: { x, y },
      });
    await expect(trace([4, 2, 3], [3, 2])).rejects.toThrow(ShapeError);
    await expect(trace([4, 2, 3], [3])).rejects.toThrow(
      /logProbs must be \[T, N, C\] and targets \[N, S\], padded to the longest/,
    );
    await expect(trace([4, 2, 3], [2, 2], [5, 4])).rejects.toThrow(DataError);
    await expect(trace([4, 2, 3], [2, 2], [3])).rejects.toThrow(
      /inputLengths must be 2 integers from 0 to 4, or a tensor \[2\], got \[3\]/,
    );
    await expect(trace([4, 2, 3], [2, 2], [3, 4], [1, 3])).rejects.toThrow(
      /targetLengths must be 2 integers from 0 to 2/,
    );
    await expect(trace([4, 2, 3], [2, 2], [3, 4], [1, 2], 3)).rejects.toThrow(
      /blank must be one of the 3 classes/,
    );
    const step = await device.compile(({ x, y, n }) => ({ loss: make({}).forward(x, y, n, [1, 2]) }), {
      inputs: { x: [4, 2, 3], y: [2, 2], n: [2] },
    });
    const values = { x: new Float32Array(24), y: new Float32Array(4).fill(1) };
    expect(() => step.run({ ...values, n: Float32Array.of(4, 5) })).toThrow(
      /input n: every length of inputLengths must be an integer from 0 to 4, got 5 at index 1/,
    );
    step.dispose();
  });
});
