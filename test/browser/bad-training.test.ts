/** Input that a Trainer refuses: wrong options, no batches, bad batches, use after dispose. */
import { describe, expect, test } from "vitest";
import { DataError, DisposedError, data, nn, OptionError, optim, ShapeError, Trainer } from "webgpu-lstm";
import { expectRefusal, refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, values } from "./tiny.ts";

const criterion = new nn.MSELoss();

describe("Trainer refuses", () => {
  const windows = () =>
    new data.TensorDataset(
      { shape: [8, 3, 2], data: values([8, 3, 2]) },
      { shape: [8, 1], data: values([8]) },
    );

  test("wrong options, and loaders without batches", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const optimizer = new optim.Adam(model.parameters());
      const make =
        (...operands: unknown[]) =>
        () =>
          new Trainer(...(operands as ConstructorParameters<typeof Trainer>));
      const options = { loss: criterion, optimizer };
      await expectRefusal(
        make({}, model, options),
        OptionError,
        "Trainer: the first argument must be a Device",
      );
      await expectRefusal(make(device, {}, options), OptionError, "Trainer: the model must extend nn.Module");
      await expectRefusal(make(device, new nn.Module(), options), OptionError, "forward(x)", "a Module");
      await expectRefusal(
        make(device, model),
        OptionError,
        "Trainer: options must be an object, got undefined",
      );
      await expectRefusal(
        make(device, model, { loss: criterion }),
        OptionError,
        "Trainer: options must be { loss, optimizer }",
        "got loss a MSELoss and optimizer undefined",
      );
      await expectRefusal(
        make(device, model, { loss: nn.MSELoss, optimizer: "adam" }),
        OptionError,
        'got loss function MSELoss and optimizer "adam"',
      );
      await expectRefusal(
        make(device, model, { ...options, epochs: 3 }),
        OptionError,
        'Trainer: unknown option "epochs"',
      );

      const trainer = new Trainer(device, model, options);
      const before = await bits(model);
      const loader = new data.DataLoader(windows(), { batchSize: 4 });
      const fit = (batches: unknown, fitOptions: unknown) => async () => {
        for await (const _ of trainer.fit(wrong(batches), wrong(fitOptions)));
      };
      const once = { epochs: 1 };
      const refuses = refusals(device);
      await refuses(fit(loader, { epoch: 1 }), OptionError, 'Trainer.fit: unknown option "epoch"', "epochs");
      await refuses(fit(loader, undefined), OptionError, "Trainer.fit: options must be an object");
      await refuses(fit(loader, { epochs: 0 }), OptionError, "Trainer.fit: epochs", "at least 1, got 0");
      await refuses(
        fit(loader, { ...once, signal: 3 }),
        OptionError,
        "Trainer.fit: signal",
        "AbortSignal, got 3",
      );
      await refuses(fit(loader, { ...once, onProgress: 3 }), OptionError, "Trainer.fit: onProgress", "got 3");
      await refuses(fit(loader, { ...once, validation: 3 }), OptionError, "Trainer.fit: validation", "got 3");
      await refuses(
        fit(loader, { ...once, validation: [] }),
        DataError,
        "Trainer.fit: validation has no batch",
      );
      await refuses(
        fit(windows(), once),
        OptionError,
        "Trainer.fit: the loader",
        "DataLoader",
        "a TensorDataset",
      );
      await refuses(fit([], once), DataError, "Trainer.fit: the loader has no batch");
      await refuses(fit(new Set(), once), DataError, "Trainer.fit: the loader gave no batch");
      await refuses(
        fit([{ x: 1 }], once),
        DataError,
        "every batch must be { x, y }",
        "got x 1 and y undefined",
      );
      const [good] = loader;
      const odd = { x: good!.x, y: { shape: [3, 1], data: values([3]) } };
      await refuses(fit([odd], once), ShapeError, "Trainer.fit", "[4, 3, 2] and [3, 1]");
      await refuses(() => trainer.evaluate([]), DataError, "Trainer.evaluate: the loader has no batch");
      await refuses(
        () => trainer.evaluate(wrong(undefined)),
        OptionError,
        "Trainer.evaluate: the loader",
        "undefined",
      );
      const x = good!.x;
      await refuses(
        () => trainer.predict(x, wrong({ batch: 2 })),
        OptionError,
        'Trainer.predict: unknown option "batch"',
      );
      await refuses(
        () => trainer.predict(x, { batchSize: 0 }),
        OptionError,
        "Trainer.predict: batchSize",
        "got 0",
      );
      await refuses(
        () => trainer.predict(wrong(x.data)),
        ShapeError,
        "Trainer.predict: x must be { data, shape }",
        "Float32Array(24)",
      );
      await refuses(
        () => trainer.predict({ ...x, shape: [5, 3, 2] }),
        ShapeError,
        "Trainer.predict: x of shape [5, 3, 2]",
        "got 24",
      );
      await refuses(
        () => trainer.predict({ data: new Float32Array(0), shape: [0, 3, 2] }),
        DataError,
        "Trainer.predict: x is empty",
      );
      const spoiled = { shape: x.shape, data: x.data.with(23, Number.NaN) };
      await refuses(
        () => trainer.predict(spoiled, { batchSize: 1 }),
        DataError,
        "Trainer.predict: x",
        "NaN at index 23",
      );
      await refuses(
        () => trainer.predict({ ...x, shape: [4, 2, 3] }),
        ShapeError,
        "LSTM.forward",
        "got [4, 2, 3]",
      );
      expect(await bits(model)).toEqual(before);
      expect(optimizer.steps).toBe(0);

      // After a refused batch the weights keep what earlier batches taught, and the trainer still works.
      const late = fit([good, { ...good, x: spoiled }], once);
      await expectRefusal(late, DataError, "step.run: input x", "NaN at index 23");
      expect(optimizer.steps).toBe(1);
      for await (const { steps } of trainer.fit(loader, once)) expect(steps).toBe(2);
      expect(optimizer.steps).toBe(3);

      await trainer.dispose();
      await expectRefusal(fit(loader, once), DisposedError, "Trainer.fit: the trainer was disposed");
      await expectRefusal(() => trainer.evaluate(loader), DisposedError, "Trainer.evaluate");
      await expectRefusal(() => trainer.predict(x), DisposedError, "Trainer.predict");
      await trainer.dispose();
      model.dispose();
    }));

  test("to fit twice at once, and to continue after dispose", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const trainer = new Trainer(device, model, {
        loss: criterion,
        optimizer: new optim.Adam(model.parameters()),
      });
      const loader = new data.DataLoader(windows(), { batchSize: 4 });
      const running = trainer.fit(loader, { epochs: 9 });
      await running.next();
      await expectRefusal(
        () => trainer.fit(loader, { epochs: 1 }).next(),
        OptionError,
        "Trainer.fit",
        "fitting already",
      );
      await trainer.dispose();
      await expectRefusal(() => running.next(), DisposedError, "the trainer was disposed");
      model.dispose();
    }));
});
