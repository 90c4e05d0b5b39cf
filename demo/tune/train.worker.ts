/** A worker of the Tune view: owns a device, and trains one model after the other on it. */
import { Device, data, EarlyStopping, manualSeed, type NDArray, nn, optim, Trainer } from "webgpu-lstm";
import { ForecastModel } from "../../tasks/series/model.ts";
import { WHOLE } from "../../tasks/series/settings.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { SEED } from "../../tasks/series/training.ts";
import type { Answer, Job, Order, Weights } from "./protocol.ts";

const answer = (message: Answer) => postMessage(message);

function fail(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  answer({ type: "error", name, message });
}

const opened = Device.request();
/** Hears whether to go on after an epoch. */
let onNext: (goOn: boolean) => void = () => {};

addEventListener("message", ({ data: order }: MessageEvent<Order>) => {
  if (order.type === "next") onNext(order.goOn);
  else if (order.type === "train") train(order.job).catch(fail);
  else forecast(order.job, order.weights).catch(fail);
});
opened.then((device) => answer({ type: "ready", adapter: device.describe() }), fail);

/** Calls `use` with a new trainer, as the Forecast view makes it. */
async function withTrainer(
  { series, settings }: Job,
  use: (trainer: Trainer, task: ForecastTask) => Promise<void>,
): Promise<void> {
  const device = await opened;
  const task = new ForecastTask(series, settings);
  manualSeed(SEED);
  const model = new ForecastModel(task.features, settings);
  const { learningRate: lr } = settings;
  const optimizer = new optim.Adam(model.parameters(), { lr, weightDecay: series.weightDecay });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  try {
    await use(trainer, task);
  } finally {
    await trainer.dispose();
    model.dispose();
  }
}

function train(job: Job): Promise<void> {
  return withTrainer(job, async (trainer, task) => {
    const { series, settings } = job;
    const { epochs } = settings;
    const examples = task.dataset(task.train);
    const batchSize = settings.batchSize === WHOLE ? examples.length : settings.batchSize;
    const loader = new data.DataLoader(examples, { batchSize, shuffle: series.shuffle, seed: SEED });
    const validation = new data.DataLoader(task.dataset(task.validation), { batchSize });
    const best = new EarlyStopping({ monitor: "validationLoss", patience: epochs, restoreBest: true });
    for await (const { epoch, validationLoss } of trainer.fit(loader, {
      epochs,
      validation,
      callbacks: [best],
    })) {
      const next = new Promise<boolean>((resolve) => {
        onNext = resolve;
      });
      answer({ type: "epoch", epoch, validationLoss: validationLoss! });
      if (!(await next)) return answer({ type: "trained", weights: undefined });
    }
    answer({ type: "trained", weights: await trainer.model.stateDict() });
  });
}

function forecast(job: Job, weights: Weights): Promise<void> {
  return withTrainer(job, async (trainer, task) => {
    trainer.model.loadStateDict(weights as Map<string, NDArray>);
    const origins = task.origins(task.test);
    const output = await trainer.predict(task.inputs(origins));
    answer({ type: "forecast", forecast: task.inUnits(output, origins) });
  });
}
