/** Checkpoints between PyTorch and this library: equal outputs, and training continues with equal losses. */
import { expect, test } from "vitest";
import { type Device, loadCheckpoint, nn, optim, saveCheckpoint, type Tensor } from "webgpu-lstm";
import type { GoldenTensor } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";

/** The model of tools/goldens/interchange.py. */
class Model extends nn.Module {
  readonly lstm = new nn.LSTM(3, 7, { batchFirst: true });
  readonly fc = new nn.Linear(7, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

/** A model, and an optimizer with two groups and wrong settings until a checkpoint is loaded. */
function fresh() {
  const model = new Model();
  const groups = [{ params: model.lstm.parameters() }, { params: model.fc.parameters() }];
  return { model, optimizer: new optim.Adam(groups, { lr: 99, amsgrad: true }) };
}

async function compile(device: Device, { model, optimizer }: ReturnType<typeof fresh>) {
  return device.compile(
    ({ x, target }) => {
      const output = model.forward(x);
      return { loss: new nn.MSELoss().forward(output, target), output };
    },
    { inputs: { x: [5, 9, 3], target: [5, 2] }, minimize: "loss", optimizer },
  );
}

const urls = import.meta.glob<string>("../goldens/interchange_*.safetensors", {
  query: "?url",
  import: "default",
  eager: true,
});

async function pytorchCheckpoint(name = "interchange_checkpoint"): Promise<ArrayBuffer> {
  return (await fetch(urls[`../goldens/${name}.safetensors`]!)).arrayBuffer();
}

const slice = ({ dtype, data }: GoldenTensor, i: number): GoldenTensor => ({
  dtype,
  data: data.slice(i, i + 1),
  shape: [],
});

test("a model trained in PyTorch gives equal outputs here, and continues with equal losses", async ({
  task,
}) => {
  const golden = await loadGolden("interchange_run");
  const { model: weights, optimizer: state } = loadCheckpoint(await pytorchCheckpoint());
  const inputs = { x: golden.input("x"), target: golden.input("target") };
  const hold = (row: string, actual: Float32Array, expected: GoldenTensor) => {
    recordParity(task, {
      section: "Checkpoints",
      row: `from PyTorch: ${row}`,
      budget: float32Budget,
      used: budgetUsed(actual, expected),
    });
    expectClose(row, actual, expected);
  };
  await withDevice(async (device) => {
    const own = fresh();
    own.model.loadStateDict(weights);
    own.optimizer.loadStateDict(state!);
    const step = await compile(device, own);
    for (let i = 0; i < golden.number("steps"); i++) {
      const { loss, output } = step.run(inputs);
      if (i === 0) hold("output", (await output.read()).data, golden.tensor("output"));
      hold("loss of each of the next 20 steps", (await loss.read()).data, slice(golden.tensor("losses"), i));
    }
    for (const [name, { data }] of await own.model.stateDict()) {
      hold("parameters after them", data, golden.tensor(`final.${name}`));
    }
    step.dispose();
    own.model.dispose();
  });
});

test("a checkpoint saved here continues in another model, bit for bit", async () => {
  const golden = await loadGolden("interchange_run");
  const { model: weights, optimizer: state } = loadCheckpoint(await pytorchCheckpoint());
  const inputs = { x: golden.input("x"), target: golden.input("target") };
  await withDevice(async (device) => {
    const first = fresh();
    first.model.loadStateDict(weights);
    first.optimizer.loadStateDict(state!);
    const step = await compile(device, first);
    for (let i = 0; i < 5; i++) step.run(inputs);
    const save = async ({ model, optimizer }: typeof first) =>
      saveCheckpoint({ model: await model.stateDict(), optimizer: await optimizer.stateDict() });
    const bytes = await save(first);
    for (let i = 0; i < 5; i++) step.run(inputs);
    const end = await save(first);

    const second = fresh();
    const again = await compile(device, second);
    again.run(inputs); // replaces existing state too
    const saved = loadCheckpoint(bytes);
    second.model.loadStateDict(saved.model);
    second.optimizer.loadStateDict(saved.optimizer!);
    expect(await save(second)).toEqual(bytes);
    for (let i = 0; i < 5; i++) again.run(inputs);
    expect(await save(second)).toEqual(end);
    expect(end).not.toEqual(bytes);
    step.dispose();
    again.dispose();
    first.model.dispose();
    second.model.dispose();
  });
});

interface OptimizerCase {
  readonly optimizer:
    | "SGD"
    | "Adam"
    | "AdamW"
    | "RMSprop"
    | "Adagrad"
    | "NAdam"
    | "RAdam"
    | "Adadelta"
    | "Adamax"
    | "ASGD"
    | "Rprop";
  readonly x: number[];
  readonly target: number[];
  readonly losses: number[];
}

test.for(goldenNames("interchange_optim"))(
  "continues from PyTorch's optimizer: %s",
  async (name, { task }) => {
    const { model: weights, optimizer: state, config } = loadCheckpoint(await pytorchCheckpoint(name));
    const { optimizer: kind, x, target, losses } = config as unknown as OptimizerCase;
    await withDevice(async (device) => {
      const model = new nn.Linear(3, 2);
      const optimizer = new optim[kind](model.parameters(), { lr: 99 });
      model.loadStateDict(weights);
      optimizer.loadStateDict(state!);
      const step = await device.compile(
        ({ x, target }) => ({ loss: new nn.MSELoss().forward(model.forward(x), target) }),
        { inputs: { x: [4, 3], target: [4, 2] }, minimize: "loss", optimizer },
      );
      const inputs = { x: Float32Array.from(x), target: Float32Array.from(target) };
      const own: number[] = [];
      for (let i = 0; i < losses.length; i++) own.push(await step.run(inputs).loss.item());
      const actual = Float32Array.from(own);
      const expected: GoldenTensor = {
        dtype: "F64",
        data: Float64Array.from(losses),
        shape: [losses.length],
      };
      recordParity(task, {
        section: "Checkpoints",
        row: `from PyTorch: 10 losses after it, ${name.replace("interchange_optim_", "").replace("_", ", ")}`,
        budget: float32Budget,
        used: budgetUsed(actual, expected),
      });
      expectClose(name, actual, expected);
      // Saving again gives PyTorch's keys.
      const { state: again, param_groups } = await optimizer.stateDict();
      for (const [index, slots] of Object.entries(state!.state)) {
        const kept = Object.entries(slots).filter(([, value]) => value !== null);
        expect(Object.keys(again[Number(index)] ?? {}).sort()).toEqual(kept.map(([key]) => key).sort());
      }
      expect(param_groups).toHaveLength(state!.param_groups.length);
      step.dispose();
      model.dispose();
    });
  },
);
