/** The worker of the shipped model: it writes as soon as it has a device. */
import { Device, data, nn, optim, Trainer } from "webgpu-lstm";
import { serve } from "webgpu-lstm/worker";
import { mindActions } from "../model/mind.ts";
import { TextModel } from "../model/model.ts";
import { readModel } from "../model/saved.ts";
import { Thinker } from "../model/thinker.ts";

/** The page's message to the worker. */
export interface ShippedStart {
  /** The model's file, and the text that it has not read. */
  readonly file: ArrayBuffer;
  readonly heldOut: string;
}

serve<ShippedStart>({
  create: async ({ file, heldOut }) => {
    const device = await Device.request();
    const { about, vocabulary, weights } = readModel(file);
    const model = new TextModel(vocabulary.size, about);
    model.loadStateDict(weights);
    const ids = vocabulary.encode(heldOut);
    const thinker = await Thinker.open(device, model, vocabulary);
    const criterion = new nn.CrossEntropyLoss();
    return {
      // A worker serves a trainer; this one measures.
      trainer: new Trainer(device, model, {
        loss: { forward: (logits, y) => criterion.forward(logits.transpose(1, 2), y) },
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        carryState: true,
      }),
      loaders: { heldOut: new data.TextBatches(ids, { batchSize: 16, length: 64 }) },
      actions: mindActions({ device, model, vocabulary, thinker, heldOut: ids, steps: () => about.steps }),
    };
  },
});
