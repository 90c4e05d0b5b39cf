/**
 * The worker's half: model, training and stream, on its own device. A step is one call of an action, with a message each way. At 60
 * samples a second, the messages cost little beside the step.
 */
import { Device, data, EarlyStopping, manualSeed, nn, optim, Stream, Trainer } from "webgpu-lstm";
import { serve } from "webgpu-lstm/worker";
import type { Answer } from "../watching/watch.ts";
import { BATCH, epochsOf, lessonOf, pairsOf } from "./lesson.ts";
import { NextValue, Predictions } from "./model.ts";
import { heldOutResiduals } from "./residuals.ts";

/** The page's message to the worker. */
export interface StreamConfig {
  /** Recordings of normal data, all of the same length. */
  readonly recordings: readonly Float32Array[];
}

serve<StreamConfig>({
  create: async ({ recordings }) => {
    const lesson = lessonOf(recordings);
    const { mean, std } = lesson.scale;
    const device = await Device.request();
    manualSeed(0);
    const model = new NextValue();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.015 });
    const trainer = new Trainer(device, new Predictions(model), { loss: new nn.MSELoss(), optimizer });
    const windows = new data.TensorDataset(lesson.x, lesson.y);
    const train = new data.DataLoader(windows, { batchSize: BATCH, shuffle: true, dropLast: true, seed: 0 });
    const unseen = pairsOf(lesson.heldOut);
    const heldOut = new data.DataLoader(new data.TensorDataset(unseen.x, unseen.y), {
      batchSize: lesson.heldOut.length,
    });
    let stream: Stream | undefined;
    const open = async (streams: number) => {
      stream?.dispose();
      stream = await Stream.open(device, model, { streams, input: [1] });
    };
    const step = async (values: Float32Array): Promise<Answer> => {
      const scaled = values.map((value) => (value - mean) / std);
      const start = performance.now();
      const { data } = await stream!.step(scaled);
      const ms = performance.now() - start;
      return { predicted: data.map((value) => value * std + mean), ms };
    };
    return {
      trainer,
      loaders: { train, heldOut },
      callbacks: {
        /** Never stops early, but restores the weights of the best epoch: a short recording is soon learned by heart. */
        best: new EarlyStopping({
          monitor: "validationLoss",
          patience: epochsOf(train.length),
          restoreBest: true,
        }),
      },
      actions: {
        open,
        step,
        reset: () => stream!.reset(),
        /** The residuals of the recordings' held-out ends. */
        residuals: async () => {
          await open(lesson.heldOut.length);
          return heldOutResiduals(lesson, async (values) => (await step(values)).predicted);
        },
      },
      dispose: () => stream?.dispose(),
    };
  },
});
