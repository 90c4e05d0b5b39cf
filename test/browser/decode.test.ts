/** A decoding loop that stays on the GPU: the token of one step is the next step's input, and nothing is read between them. */
import { expect, test } from "vitest";
import { manualSeed, nn, type Tensor, tensor, where } from "webgpu-lstm";
import { philox } from "../reference/philox.ts";
import { withDevice } from "./gpu.ts";

const [VOCABULARY, WIDTH, HIDDEN, LENGTH] = [11, 5, 9, 24];

class Decoder extends nn.Module {
  readonly embedding = new nn.Embedding(VOCABULARY, WIDTH);
  readonly cell = new nn.LSTMCell(WIDTH, HIDDEN);
  readonly head = new nn.Linear(HIDDEN, VOCABULARY);

  forward(token: Tensor, state: { readonly h: Tensor; readonly c: Tensor }) {
    const { h, c } = this.cell.forward(this.embedding.forward(token).mul(5), state);
    return { logits: this.head.forward(h).mul(4), h, c };
  }
}

const shapes = { token: [1], h: [1, HIDDEN], c: [1, HIDDEN] } as const;

/** Tokens that the GPU chooses from the logits by itself, read once, after the last. */
function decode(choose: (logits: Tensor) => Tensor): Promise<number[]> {
  return withDevice(async (device) => {
    manualSeed(11);
    const model = new Decoder();
    const step = await device.compile(
      ({ token, h, c, place, text }) => {
        const next = model.forward(token!, { h: h!, c: c! });
        const chosen = choose(next.logits);
        const here = tensor(Array.from({ length: LENGTH }, (_, i) => i)).eq(place!);
        return {
          token: chosen,
          h: next.h,
          c: next.c,
          place: place!.add(1),
          text: where(here, chosen, text!),
        };
      },
      {
        inputs: { ...shapes, place: [1], text: [LENGTH] },
        carry: { token: "token", h: "h", c: "c", place: "place", text: "text" },
      },
    );
    for (let i = 1; i < LENGTH; i++) step.run({});
    const { data } = await step.run({}).text!.read();
    step.dispose();
    model.dispose();
    return [...data];
  });
}

/** The same, with the logits of every step read and the token chosen here. */
function decodeHere(choose: (logits: Float32Array, i: number, seed: number) => number): Promise<number[]> {
  return withDevice(async (device) => {
    const generator = manualSeed(11);
    const model = new Decoder();
    const seed = generator.random();
    const step = await device.compile(
      ({ token, h, c }) => model.forward(token!, { h: h!, c: c! }) as Readonly<Record<string, Tensor>>,
      { inputs: shapes, carry: { h: "h", c: "c" } },
    );
    const tokens: number[] = [];
    for (let i = 0; i < LENGTH; i++) {
      const { data } = await step.ask({ token: [tokens.at(-1) ?? 0] }, "logits");
      tokens.push(choose(data, i, seed));
    }
    step.dispose();
    model.dispose();
    return tokens;
  });
}

const largest = (values: readonly number[]) => values.indexOf(Math.max(...values));

test("argmax: the same tokens as with a readback a token", async () => {
  const tokens = await decode((logits) => logits.argmax(-1));
  expect(tokens).toEqual(await decodeHere((logits) => largest([...logits])));
  expect(new Set(tokens).size).toBeGreaterThan(1);
});

test("multinomial: the tokens that the step's random numbers draw", async () => {
  const tokens = await decode((logits) => logits.softmax(-1).multinomial(1).view([1]));
  const drawn = await decodeHere((logits, run, seed) => {
    const speeds = [...logits].map((logit, c) => {
      const word = philox([Math.floor(c / 4), 0, run, 0], [seed, 0])[c % 4]!;
      return Math.exp(logit) / -Math.log1p(-((word >>> 8) + 0.5) / 2 ** 24);
    });
    return largest(speeds);
  });
  expect(tokens).toEqual(drawn);
  expect(new Set(tokens).size).toBeGreaterThan(3);
});
