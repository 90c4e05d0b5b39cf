/** Trains a tagger, in whatever form it was opened, as `train` of tools/goldens/tagger.py does. */
import { type Device, type NDArray, nn, optim, type Tensor } from "webgpu-lstm";
import { TAGS } from "./model.ts";

const LEARNING_RATE = 0.01;

/** One batch: tokens and tags [N, T], lengths [N]; the tag of padding is -100. */
export interface TaggerBatch {
  readonly tokens: NDArray;
  readonly lengths: NDArray;
  readonly tags: NDArray;
}

/** A model's logits of tokens and lengths. */
export type Tag = (tokens: Tensor, lengths: Tensor) => Tensor;

export async function logitsOf(
  device: Device,
  tag: Tag,
  { tokens, lengths }: TaggerBatch,
): Promise<Float32Array> {
  const step = await device.compile(({ tokens, lengths }) => ({ logits: tag(tokens, lengths) }), {
    inputs: { tokens, lengths },
  });
  const { data } = await step.run({ tokens, lengths }).logits.read();
  step.dispose();
  return data;
}

/** Takes `count` steps of Adam on one batch; returns the loss before each. */
export async function trainTagger(
  device: Device,
  model: nn.Module,
  tag: Tag,
  batch: TaggerBatch,
  count: number,
): Promise<number[]> {
  const { tokens, lengths, tags } = batch;
  const criterion = new nn.CrossEntropyLoss();
  const step = await device.compile(
    ({ tokens, lengths, tags }) => ({
      loss: criterion.forward(tag(tokens, lengths).reshape([-1, TAGS]), tags.flatten()),
    }),
    {
      inputs: { tokens, lengths, tags },
      optimizer: new optim.Adam(model.parameters(), { lr: LEARNING_RATE }),
    },
  );
  const losses: Promise<number>[] = [];
  for (let i = 0; i < count; i++) {
    await step.ready();
    losses.push(step.run({ tokens, lengths, tags }).loss.item());
  }
  const values = await Promise.all(losses);
  step.dispose();
  return values;
}
