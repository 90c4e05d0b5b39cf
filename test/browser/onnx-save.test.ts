/** saveOnnx: what is saved opens again with the same numbers at other sizes; what cannot be saved is refused by name. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, manualSeed, nn, optim, rand, type Shape, type Tensor, where } from "webgpu-lstm";
import { inspect, loadOnnx, saveOnnx } from "webgpu-lstm/formats";
import { flat, inputsOf, savedCases } from "../../tools/interop/onnx-models.ts";
import packedFile from "../goldens/onnx_export_lstm_packed_script.onnx?url";
import { expectClose } from "./closeness.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Data = Record<string, { data: Float32Array; shape: Shape }>;

async function run(
  device: Device,
  fn: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
  data: Data,
) {
  const step = await device.compile(fn, { inputs: data });
  const results = step.run(data);
  const names = Object.keys(results);
  const values = await Promise.all(names.map(async (name) => [name, await results[name]!.read()] as const));
  step.dispose();
  return Object.fromEntries(values);
}

describe("saveOnnx", () => {
  test.each(savedCases.map((one) => [one.name, one] as const))(
    "writes %s that opens again with the same numbers",
    (_, one) =>
      frame.run(async (device) => {
        manualSeed(81);
        const model = one.make();
        const data = inputsOf(one, () => rand([1]).data[0]!);
        const bytes = await saveOnnx(model, one.options);
        expect(model.training).toBe(true);
        const opened = await loadOnnx(bytes);
        expect(opened.inputNames).toEqual(Object.keys(one.options.inputs));
        const again = await loadOnnx(await saveOnnx(opened, one.options));
        model.eval();
        const forward = (inputs: Record<string, Tensor>) => {
          const made = (model as unknown as { forward(...inputs: Tensor[]): unknown }).forward(
            ...opened.inputNames.map((name) => inputs[name]!),
          );
          return flat(made);
        };
        const wanted = await run(device, forward, data);
        for (const other of [opened, again]) {
          const got = await run(device, (inputs) => other.forward(inputs), data);
          expect(Object.keys(got)).toEqual(Object.keys(wanted));
          for (const [name, { data, shape }] of Object.entries(wanted)) {
            expect(got[name]!.shape, name).toEqual(shape);
            expectClose(name, got[name]!.data, { dtype: "F32", data: Float64Array.from(data), shape });
          }
        }
        for (const module of [model, opened, again]) module.dispose();
      }),
  );

  test("writes recurrent operators, named sizes and integer inputs", async () => {
    const [tagger] = savedCases;
    const model = tagger!.make();
    const { operators, metadata, tensors } = inspect(await saveOnnx(model, tagger!.options));
    expect(operators!.get("LSTM")).toBe(4);
    expect(metadata.get("input tokens")).toBe("int64 [batch, time]");
    expect(metadata.get("input lengths")).toBe("int64 [batch]");
    expect(metadata.get("output output")).toBe("float [batch, time, 4]");
    expect(tensors.map(({ name }) => name)).toContain("rnn.W_l1_reverse");
    model.dispose();
  });

  test("keeps a recurrent parameter that other ops read too as one, which trains as it does here", () =>
    frame.run(async (device) => {
      const one = savedCases.find(({ name }) => name.includes("other ops read"))!;
      manualSeed(82);
      const model = one.make();
      const opened = await loadOnnx(await saveOnnx(model, one.options));
      const named = new Map([...opened.namedParameters()].map(([name, { shape }]) => [name, shape.join()]));
      for (const name of ["lstm.weight_hh_l0", "lstm.bias_hh_l0", "gru.weight_ih_l0", "rnn.weight_ih_l0"]) {
        expect(named.has(name), name).toBe(true);
      }
      // What nothing else reads is stored as the operators read it.
      expect(named.get("lstm.R_l0_reverse")).toBe("1,20,5");
      expect(named.get("gru.B_l0")).toBe(undefined);
      const data = inputsOf(one, () => rand([1]).data[0]!);
      // ONNX has no detach: the size would have a gradient in the opened model.
      const train = async (of: (x: Tensor) => Record<string, Tensor>, parameters: nn.Parameter[]) => {
        const step = await device.compile(
          ({ x }: Record<string, Tensor>) => {
            const { gates, back, size, inputs } = of(x!);
            return {
              loss: gates!.square().mean().add(back!.mean()).add(size!.detach()).add(inputs!.sin().mean()),
            };
          },
          { inputs: data, optimizer: new optim.SGD(parameters, { lr: 0.1 }) },
        );
        const losses: number[] = [];
        for (let i = 0; i < 5; i++) losses.push(await step.run(data).loss.item());
        step.dispose();
        return losses;
      };
      const own = (x: Tensor) =>
        (model as unknown as { forward(x: Tensor): Record<string, Tensor> }).forward(x);
      const wanted = await train(own, model.parameters());
      const got = await train((x) => opened.forward({ x }), opened.parameters());
      expect(wanted[0]! - wanted.at(-1)!).toBeGreaterThan(0.01);
      for (const [i, loss] of wanted.entries()) expect(Math.abs(got[i]! - loss)).toBeLessThan(1e-5);
      for (const module of [model, opened]) module.dispose();
    }));

  test("writes oneHot, also where the number of classes is dynamic, with integer inputs", () =>
    frame.run(async (device) => {
      class Codes extends nn.Module {
        forward(x: Tensor, order: Tensor): Record<string, Tensor> {
          const codes = order.oneHot(order.shape[0]!); // [N, N]
          return { moved: codes.matmul(x), three: order.clamp(0, 2).oneHot(3) };
        }
      }
      const model = new Codes();
      const options = { inputs: { x: [4, 2], order: [4] }, dynamic: { x: { 0: "n" }, order: { 0: "n" } } };
      const bytes = await saveOnnx(model, options);
      const { operators, metadata } = inspect(bytes);
      expect(operators!.get("OneHot")).toBe(2);
      const opened = await loadOnnx(bytes);
      const again = await loadOnnx(await saveOnnx(opened, options));
      const data = {
        x: { data: Float32Array.from({ length: 6 }, (_, i) => i), shape: [3, 2] },
        order: { data: Float32Array.of(2, 0, 1), shape: [3] },
      };
      for (const module of [opened, again]) {
        const { moved, three } = await run(device, (inputs) => module.forward(inputs), data);
        expect([...moved!.data]).toEqual([4, 5, 0, 1, 2, 3]);
        expect([...three!.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
        module.dispose();
      }
      // Something else computes with them here.
      expect(metadata.get("input order")).toBe("float [n]");
      const only = { inputs: { x: [4] }, forward: ({ x }: Record<string, Tensor>) => ({ y: x!.oneHot(5) }) };
      expect(inspect(await saveOnnx(model, only)).metadata.get("input x")).toBe("int64 [4]");
    }));

  test("keeps the integer inputs of a file that PyTorch's exporter wrote for sequences of different lengths", () =>
    frame.run(async (device) => {
      const opened = await loadOnnx(await (await fetch(packedFile)).arrayBuffer());
      const options = {
        inputs: { tokens: [2, 5], lengths: [2] },
        dynamic: { tokens: { 0: "batch", 1: "time" }, lengths: { 0: "batch" } },
      };
      const bytes = await saveOnnx(opened, options);
      const { metadata } = inspect(bytes);
      expect(metadata.get("input tokens")).toBe("int64 [batch, time]");
      expect(metadata.get("input lengths")).toBe("int64 [batch]");
      const again = await loadOnnx(bytes);
      const data = {
        tokens: { data: Float32Array.from({ length: 21 }, (_, i) => (7 * i) % 11), shape: [3, 7] },
        lengths: { data: Float32Array.of(4, 7, 2), shape: [3] },
      };
      const [wanted, got] = [
        await run(device, (inputs) => opened.forward(inputs), data),
        await run(device, (inputs) => again.forward(inputs), data),
      ];
      const { data: values, shape } = wanted["logits"]!;
      expectClose("logits", got["logits"]!.data, { dtype: "F32", data: Float64Array.from(values), shape });
      for (const module of [opened, again]) module.dispose();
    }));

  test.each<[string, (x: Tensor) => Tensor, RegExp]>([
    ["a bound", (x) => x.clamp(0, x.shape[0]!), /a number that "clamp" takes depends on the dynamic sizes/],
    ["a number compared with", (x) => x.lt(x.shape[0]!), /a number that "lt" takes depends on the dynamic/],
    ["a power", (x) => x.pow(x.shape[0]!), /a number that "pow" takes depends on the dynamic sizes/],
    [
      "a choice",
      (x) => where(x.gt(0), x, x.shape[0]!),
      /a number that "where" takes depends on the dynamic sizes/,
    ],
    ["padding", (x) => x.pad([x.shape[0]!, 0]), /a number that "pad" takes depends on the dynamic sizes/],
  ])("refuses %s that depends on a dynamic size", async (_, fn, message) => {
    const model = new nn.ReLU();
    const forward = ({ x }: Record<string, Tensor>) => ({ y: fn(x!) });
    await expect(
      saveOnnx(model, { inputs: { x: [5, 3] }, dynamic: { x: { 0: "n" } }, forward }),
    ).rejects.toThrow(message);
    expect((await saveOnnx(model, { inputs: { x: [5, 3] }, forward })).length).toBeGreaterThan(50);
  });

  test("refuses what ONNX has no operator for, and options that do not fit", async () => {
    const projected = new nn.LSTM(3, 5, { projSize: 2 });
    await expect(saveOnnx(projected, { inputs: { x: [4, 2, 3] } })).rejects.toThrow(
      "saveOnnx: ONNX's LSTM has no projection (projSize)",
    );
    const layer = new nn.Linear(3, 2);
    const save = (options: unknown) => saveOnnx(layer, options as Parameters<typeof saveOnnx>[1]);
    await expect(save({})).rejects.toThrow(/inputs must be an object with a shape for each input/);
    await expect(save({ inputs: { x: [0, 3] } })).rejects.toThrow(/saveOnnx: input "x": a shape must be/);
    await expect(save({ inputs: { x: [2, 3] }, dynamic: { y: { 0: "n" } } })).rejects.toThrow(
      /dynamic: "y" must be an input/,
    );
    await expect(save({ inputs: { x: [2, 3] }, dynamic: { x: { 2: "n" } } })).rejects.toThrow(/got { 2 }/);
    await expect(save({ inputs: { x: [2, 3] }, opset: 20 })).rejects.toThrow(/unknown option "opset"/);
    await expect(saveOnnx({} as nn.Module, { inputs: { x: [2, 3] } })).rejects.toThrow(/expected a module/);
    const root = ({ x }: Readonly<Record<string, Tensor>>) => ({ y: x!.mul(Math.sqrt(x!.shape[0]!)) });
    await expect(save({ inputs: { x: [2, 3] }, dynamic: { x: { 0: "n" } }, forward: root })).rejects.toThrow(
      /a number of 2\.2.* depends on the dynamic sizes/,
    );
    for (const module of [projected, layer]) module.dispose();
  });
});
