/** Loading a checkpoint into objects that are in use on a device. */
import { expect, test } from "vitest";
import {
  EarlyStopping,
  loadCheckpoint,
  manualSeed,
  nn,
  optim,
  StateDictError,
  saveCheckpoint,
} from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { fit, setUp, validation } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, values } from "./tiny.ts";

test("a load that is refused while a model is trained takes no step back", () =>
  withDevice(async (device) => {
    const other = new Tiny();
    const bytes = await saveCheckpoint({ model: other, optimizer: new optim.SGD(other.parameters()) });
    const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };
    const trained = async (load: boolean) => {
      manualSeed(1);
      const model = new Tiny();
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
      const criterion = new nn.MSELoss();
      const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
        inputs: tinyShapes,
        optimizer,
      });
      step.run(batch);
      const loading = load
        ? expectRefusal(() => loadCheckpoint(bytes, { model, optimizer }), StateDictError, "Adam")
        : null;
      step.run(batch);
      await loading;
      step.run(batch);
      const weights = await bits(model);
      step.dispose();
      model.dispose();
      return weights;
    };
    expect(await trained(true)).toEqual(await trained(false));
  }));

test("a trainer's checkpoint with best weights loads into a bare model and optimizer, and can be saved again", () =>
  withDevice(async (device) => {
    const { trainer, model, optimizer, dispose } = setUp(device);
    const callbacks = () => [new EarlyStopping({ restoreBest: true })];
    await fit(trainer, { epochs: 2, validation, callbacks: callbacks() });
    optimizer.lr = 0.25;
    const bytes = await trainer.checkpoint();
    const bare = new Tiny(1, 4);
    const sgd = new optim.SGD(bare.parameters(), { lr: 0.9 });
    const file = await loadCheckpoint(bytes, { model: bare, optimizer: sgd });
    expect(await bits(bare)).toEqual(await bits(model));
    expect(sgd.lr).toBe(0.25);
    const { trainer: own, config } = file;
    await trainer.resume(
      await saveCheckpoint({ model: bare, optimizer: sgd, trainer: own!, config: config! }),
    );
    expect(await fit(trainer, { epochs: 3, validation, callbacks: callbacks() })).toHaveLength(1);
    await dispose();
  }));

test("a checkpoint of one model moves the parameter that another model shares with it", () =>
  withDevice(async (device) => {
    class Half extends nn.Module {
      readonly layer: nn.Linear;

      constructor(layer: nn.Linear) {
        super();
        this.layer = layer;
      }
    }
    const layer = new nn.Linear(2, 1);
    const [first, second] = [new Half(layer), new Half(layer)];
    const bytes = await saveCheckpoint({ model: first });
    const before = await bits(first);
    const step = await device.compile(({ x }) => ({ loss: second.layer.forward(x).sum() }), {
      inputs: { x: [3, 2] },
      optimizer: new optim.SGD(second.parameters(), { lr: 0.1 }),
    });
    step.run({ x: values([3, 2]) });
    expect(await bits(second)).not.toEqual(before);
    await loadCheckpoint(bytes, { model: first });
    expect(await bits(second)).toEqual(before);
    step.dispose();
    layer.dispose();
  }));
