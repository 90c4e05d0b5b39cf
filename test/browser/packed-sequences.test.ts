/** Sequences of different lengths: properties of packing beyond the goldens, and its utilities. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  type Device,
  Generator,
  grad,
  manualSeed,
  type NDArray,
  nn,
  OptionError,
  ShapeError,
  type Tensor,
  tensor,
} from "webgpu-lstm";
import { expectRefusal, refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

const { PackedSequence, packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence } =
  nn.utils.rnn;

const generator = new Generator(5);
const draw = (...shape: number[]): NDArray => ({
  data: generator.uniform_(new Float32Array(shape.reduce((size, n) => size * n, 1)), -1, 1),
  shape,
});

/** Runs a function with a dummy input once and reads its results. */
async function evaluate<K extends string>(
  device: Device,
  fn: (zero: Tensor) => Record<K, Tensor>,
): Promise<Record<K, { shape: readonly number[]; data: number[] }>> {
  const step = await device.compile(({ zero }) => fn(zero), { inputs: { zero: [1] } });
  const results = Object.entries(step.run({ zero: Float32Array.of(0) })) as [
    K,
    { read(): Promise<NDArray> },
  ][];
  const read = await Promise.all(
    results.map(async ([name, result]) => {
      const { shape, data } = await result.read();
      return [name, { shape, data: [...data] }] as const;
    }),
  );
  step.dispose();
  return Object.fromEntries(read) as Record<K, { shape: readonly number[]; data: number[] }>;
}

describe("padding", () => {
  const [T, N, I, H] = [5, 3, 2, 4];
  const lengths = Int32Array.of(2, 5, 1);

  test.each([["lstm"], ["gru"], ["rnn"]] as const)(
    "affects nothing and has no gradient: %s",
    async (kind) => {
      await withDevice(async (device) => {
        const options = { numLayers: 2, bidirectional: true };
        const layer =
          kind === "lstm"
            ? new nn.LSTM(I, H, options)
            : kind === "gru"
              ? new nn.GRU(I, H, options)
              : new nn.RNN(I, H, options);
        const step = await device.compile(
          ({ x, lengths, target }) => {
            const packed = packPaddedSequence(x, lengths, { enforceSorted: false });
            const { output, state } =
              layer instanceof nn.LSTM ? layer.forward(packed) : layer.forward(packed);
            const padded = padPackedSequence(output).output;
            const last = "h" in state ? state.h : state;
            const loss = new nn.MSELoss()
              .forward(padded, target)
              .add(new nn.MSELoss().forward(last, last.mul(0)));
            const [gradX, gradWeight] = grad(loss, [x, layer.parameters()[0]!]);
            return { padded, last, gradX: gradX!, gradWeight: gradWeight! };
          },
          { inputs: { x: [T, N, I], lengths: [N], target: [T, N, 2 * H] } },
        );
        const x = draw(T, N, I);
        const target = draw(T, N, 2 * H);
        const read = async (data: NDArray) => {
          const results = step.run({ x: data, lengths, target });
          return Object.fromEntries(
            await Promise.all(
              Object.entries(results).map(async ([k, r]) => [k, [...(await r.read()).data]] as const),
            ),
          );
        };
        const clean = await read(x);
        const isPadding = (i: number) => Math.floor(i / (N * I)) >= lengths[Math.floor(i / I) % N]!;
        const dirty = await read({
          shape: x.shape,
          data: x.data.map((value, i) => (isPadding(i) ? 1e6 : value)),
        });
        expect(dirty).toEqual(clean);
        clean["gradX"]!.forEach((value, i) => {
          if (isPadding(i)) expect(value).toBe(0);
          else expect(value).not.toBe(0);
        });
        step.dispose();
        layer.dispose();
      });
    },
  );

  describe.each(["cell", "step", "split", "sequence4"] as const)("in version %s", (recurrent) => {
    const layers = {
      lstm: () => new nn.LSTM(I, H, { numLayers: 2, bidirectional: true, batchFirst: true }),
      gru: () => new nn.GRU(I, H, { numLayers: 2, bidirectional: true, batchFirst: true }),
      rnn: () => new nn.RNN(I, H, { numLayers: 2, bidirectional: true, batchFirst: true }),
      "rnn with relu": () => new nn.RNN(I, H, { nonlinearity: "relu", batchFirst: true }),
      "lstm with a projection": () =>
        new nn.LSTM(I, H, { projSize: 2, numLayers: 2, bidirectional: true, batchFirst: true }),
      "lstm, recomputed": () => new nn.LSTM(I, H, { recompute: 2, bidirectional: true, batchFirst: true }),
    };

    test.each(Object.keys(layers) as (keyof typeof layers)[])(
      "is never read, whether it is NaN or infinite, given or computed: %s",
      async (name) => {
        await withDevice(
          async (device) => {
            manualSeed(3);
            const layer = layers[name]() as nn.GRU;
            const criterion = new nn.MSELoss();
            const step = await device.compile(
              ({ x, scale, lengths, target }) => {
                const run = (batch: Tensor) => {
                  const packed = packPaddedSequence(batch, lengths, {
                    batchFirst: true,
                    enforceSorted: false,
                  });
                  const { output, state } = layer.forward(packed);
                  const y = padPackedSequence(output, { batchFirst: true }).output;
                  const last = state as Tensor | nn.LstmState;
                  const h = "h" in last ? last.h : last;
                  const width = y.shape[2]!;
                  return criterion.forward(y, target.slice(2, 0, width)).add(h.mul(h).mean());
                };
                const loss = run(x.div(scale)).add(run(x.mul(scale)));
                const gradients = grad(loss, [x, ...layer.parameters()]);
                return {
                  loss,
                  ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])),
                };
              },
              { inputs: { x: [N, T, I], scale: [N, T, 1], lengths: [N], target: [N, T, 2 * H] } },
            );
            const [x, target] = [draw(N, T, I), draw(N, T, 2 * H)];
            const read = async (padding: number, scaled: number) => {
              const isPadding = (row: number) => row % T >= lengths[Math.floor(row / T)]!;
              const results = step.run({
                x: {
                  shape: x.shape,
                  data: x.data.map((v, i) => (isPadding(Math.floor(i / I)) ? padding : v)),
                },
                scale: Float32Array.from({ length: N * T }, (_, row) => (isPadding(row) ? scaled : 2)),
                lengths,
                target,
              });
              const values: Record<string, number[]> = {};
              for (const [key, result] of Object.entries(results)) {
                const { data } = await result.read();
                // The padding's own gradient passes the division: 0/0 there, as in PyTorch.
                values[key] =
                  key === "gradient 0"
                    ? [...data].filter((_, i) => !isPadding(Math.floor(i / I)))
                    : [...data];
              }
              return values;
            };
            const clean = await read(0, 1);
            expect(Object.values(clean).flat().every(Number.isFinite)).toBe(true);
            // 0/0 and ∞·0; then ∞/1.
            for (const [padding, scaled] of [
              [0, 0],
              [3e38, 1e-30],
            ] as const) {
              expect(await read(padding, scaled)).toEqual(clean);
            }
            step.dispose();
            layer.dispose();
          },
          { versions: { recurrent } },
        );
      },
    );
  });

  test("host data may be NaN there, and nowhere else", async () => {
    await withDevice(async (device) => {
      const layer = new nn.LSTM(I, H, { batchFirst: true });
      const step = await device.compile(
        ({ x, lengths }) => {
          const packed = packPaddedSequence(x, lengths, { batchFirst: true, enforceSorted: false });
          return { last: layer.forward(packed).state.h };
        },
        { inputs: { x: [N, T, I], lengths: [N] } },
      );
      const fixed = await device.compile(
        ({ x }) => {
          const packed = packPaddedSequence(x, [...lengths], { batchFirst: true, enforceSorted: false });
          return { last: layer.forward(packed).state.h };
        },
        { inputs: { x: [N, T, I] } },
      );
      const { data } = draw(N, T, I);
      const at = (n: number, t: number, value: number) => {
        const changed = data.slice();
        changed[(n * T + t) * I + 1] = value;
        return changed;
      };
      const last = async (x: Float32Array) => [...(await step.run({ x, lengths }).last.read()).data];
      const clean = await last(data);
      expect(await last(at(0, 2, Number.NaN))).toEqual(clean);
      expect(await last(at(2, 4, Number.POSITIVE_INFINITY))).toEqual(clean);
      const inFixed = await fixed.run({ x: at(0, 2, Number.NaN) }).last.read();
      expect([...inFixed.data]).toEqual(clean);
      const message = /step\.run: input x must be finite, got NaN at index 3/;
      expect(() => step.run({ x: at(0, 1, Number.NaN), lengths })).toThrow(message);
      expect(() => fixed.run({ x: at(0, 1, Number.NaN) })).toThrow(message);
      // With other lengths that place is read.
      const longer = Int32Array.of(3, 5, 1);
      expect(() => step.run({ x: at(0, 2, Number.NaN), lengths: longer })).toThrow(DataError);
      step.dispose();
      fixed.dispose();
      layer.dispose();
    });
  });

  test("lengths may change from run to run without a new program", async () => {
    await withDevice(async (device) => {
      const layer = new nn.GRU(I, H);
      const step = await device.compile(
        ({ x, lengths }) => ({ last: layer.forward(packPaddedSequence(x, lengths)).state }),
        { inputs: { x: [T, N, I], lengths: [N] } },
      );
      const x = draw(T, N, I);
      const { allocations } = device.memory;
      const short = await step.run({ x, lengths: Int32Array.of(2, 2, 1) }).last.read();
      const long = await step.run({ x, lengths: Int32Array.of(5, 2, 1) }).last.read();
      // Reading needs a staging buffer; nothing else is allocated.
      expect(device.memory.allocations).toBe(allocations + 1);
      expect([...long.data.subarray(H)]).toEqual([...short.data.subarray(H)]);
      expect([...long.data.subarray(0, H)]).not.toEqual([...short.data.subarray(0, H)]);
      step.dispose();
      layer.dispose();
    });
  });
});

describe("utilities", () => {
  const sequences = () => [
    tensor([1, 2, 3, 4, 5, 6], [3, 2]),
    tensor([7, 8], [1, 2]),
    tensor([9, 10, 11, 12], [2, 2]),
  ];

  test("padSequence, with padding of any value, time or batch first", async () => {
    await withDevice(async (device) => {
      const { time, batch, gradient } = await evaluate(device, (zero) => {
        const time = padSequence(sequences());
        const shifted = sequences().map((sequence) => sequence.add(zero));
        const batch = padSequence(shifted, { batchFirst: true, paddingValue: -1 });
        // Each element reaches its own place: the loss is Σ x², so the gradient is 2x.
        const [gradient] = grad(batch.mul(batch).sum(), [zero]);
        return { time, batch, gradient: gradient! };
      });
      expect(time.shape).toEqual([3, 3, 2]);
      expect(time.data).toEqual([1, 2, 7, 8, 9, 10, 3, 4, 0, 0, 11, 12, 5, 6, 0, 0, 0, 0]);
      expect(batch.shape).toEqual([3, 3, 2]);
      expect(batch.data).toEqual([1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1, -1, 9, 10, 11, 12, -1, -1]);
      expect(gradient.data).toEqual([2 * 78]);
    });
  });

  test("packSequence and unpackSequence are inverses", async () => {
    await withDevice(async (device) => {
      const results = await evaluate(device, () => {
        const [a, b, c] = unpackSequence(packSequence(sequences(), { enforceSorted: false }));
        return { a: a!, b: b!, c: c! };
      });
      expect(results.a).toEqual({ shape: [3, 2], data: [1, 2, 3, 4, 5, 6] });
      expect(results.b).toEqual({ shape: [1, 2], data: [7, 8] });
      expect(results.c).toEqual({ shape: [2, 2], data: [9, 10, 11, 12] });
    });
  });

  test("padPackedSequence: total length, padding value, lengths", async () => {
    await withDevice(async (device) => {
      const results = await evaluate(device, () => {
        const packed = packSequence(sequences(), { enforceSorted: false });
        const { output, lengths } = padPackedSequence(packed, {
          paddingValue: 5,
          totalLength: 4,
          batchFirst: true,
        });
        // Padded beyond the longest sequence; without a total length only to the longest.
        const longer = packPaddedSequence(tensor(Array(8).fill(1), [4, 2, 1]), [3, 2]);
        return { output, lengths, shortest: padPackedSequence(longer).output };
      });
      expect(results.output.shape).toEqual([3, 4, 2]);
      expect(results.output.data.slice(8, 16)).toEqual([7, 8, 5, 5, 5, 5, 5, 5]);
      expect(results.lengths.data).toEqual([3, 1, 2]);
      expect(results.shortest).toEqual({ shape: [3, 2, 1], data: [1, 1, 1, 1, 1, 0] });
    });
  });
});

test("packing refuses bad input", async () => {
  await withDevice(async (device) => {
    const refuse = refusals(device);
    const trace = (fn: (inputs: Record<string, Tensor>) => unknown) => () =>
      device.compile(({ x, n }) => ({ out: wrong(fn({ x, n })) }), { inputs: { x: [4, 3, 2], n: [3] } });
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, [4, 2])),
      ShapeError,
      "packPaddedSequence",
      "3 numbers",
      "got 2",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, [4, 0, 1])),
      DataError,
      "from 1 to 4, got 0 at index 1",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, [5, 2, 1])),
      DataError,
      "from 1 to 4, got 5 at index 0",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, [1, 2, 1])),
      DataError,
      "must descend, got 2 after 1",
      "enforceSorted",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, x!)),
      ShapeError,
      "lengths must be [3]",
      "got [4, 3, 2]",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, wrong("3"))),
      OptionError,
      "lengths must be a tensor or an array",
    );
    await refuse(
      trace(({ n }) => packPaddedSequence(n!, [3])),
      ShapeError,
      "[T, N, *] or [N, T, *]",
      "got [3]",
    );
    await refuse(
      trace(({ x }) => packPaddedSequence(x!, [3, 2, 1], wrong({ sorted: true }))),
      OptionError,
      'unknown option "sorted"',
    );
    await refuse(
      trace(({ x, n }) => unpackSequence(packPaddedSequence(x!, n!))[0]),
      OptionError,
      "unpackSequence",
      "padPackedSequence",
    );
    await refuse(
      trace(({ x }) => padPackedSequence(packPaddedSequence(x!, [3, 2, 1]), { totalLength: 2 }).output),
      OptionError,
      "totalLength must be at least the longest length, 3, got 2",
    );
    await refuse(
      trace(({ x }) => padPackedSequence(wrong(x)).output),
      OptionError,
      "expected a PackedSequence",
    );
    await refuse(
      trace(() => padSequence([])),
      OptionError,
      "at least one tensor",
    );
    await refuse(
      trace(({ x }) => padSequence([x!, x!.reshape([4, 2, 3])])),
      ShapeError,
      "the same sizes after the first, got [4, 3, 2] and [4, 2, 3]",
    );
    await refuse(
      trace(({ x }) => new nn.LSTM(3, 4).forward(packPaddedSequence(x!, [3, 2, 1])).state.h),
      ShapeError,
      "LSTM.forward: input must be packed sequences of [*, 3], got [4, 3, 2]",
    );

    const layer = new nn.RNN(2, 3);
    const step = await device.compile(
      ({ x, n }) => {
        const { output } = layer.forward(packPaddedSequence(x, n));
        expect(output).toBeInstanceOf(PackedSequence);
        return { out: padPackedSequence(output, { totalLength: 3 }).output };
      },
      { inputs: { x: [4, 3, 2], n: [3] } },
    );
    const x = draw(4, 3, 2);
    const run =
      (...lengths: number[]) =>
      () =>
        step.run({ x, n: Float32Array.from(lengths) });
    await expectRefusal(
      run(3, 2, 0),
      DataError,
      "step.run: input n: packPaddedSequence",
      "from 1 to 4, got 0 at index 2",
    );
    await expectRefusal(run(3, 2.5, 1), DataError, "got 2.5 at index 1");
    await expectRefusal(run(5, 2, 1), DataError, "got 5 at index 0");
    await expectRefusal(run(2, 3, 1), DataError, "must descend, got 3 after 2 at index 1");
    await expectRefusal(
      run(4, 3, 1),
      DataError,
      "padPackedSequence: totalLength must be at least the longest length, 4, got 3",
    );
    expect((await step.run({ x, n: Int32Array.of(3, 2, 1) }).out.read()).shape).toEqual([3, 3, 3]);
    step.dispose();
    layer.dispose();
  });
});
