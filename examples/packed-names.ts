/**
 * Sequences of different lengths: names are classified by their first and last letters, which requires the state after each name's
 * last letter and not after the padding. Packed sequences give that state, without sorting.
 */
import { type Device, data, Generator, manualSeed, nn, optim, type Tensor } from "webgpu-lstm";
import { runInTerminal } from "../tasks/terminal/program.ts";

const EPOCHS = 6;
const BATCH = 32;
const LONGEST = 12;
const CLASSES = ["ends in a vowel", "begins with a vowel alone", "neither"] as const;

class NameClassifier extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly gru: nn.GRU;
  readonly fc: nn.Linear;

  constructor(letters: number) {
    super();
    this.embedding = new nn.Embedding(letters, 8, { paddingIdx: 0 });
    this.gru = new nn.GRU(8, 24, { batchFirst: true });
    this.fc = new nn.Linear(24, CLASSES.length);
  }

  /** Logits [N, classes] of names [N, T] of the given lengths. */
  forward(names: Tensor, lengths: Tensor): Tensor {
    const { packPaddedSequence } = nn.utils.rnn;
    const options = { batchFirst: true, enforceSorted: false };
    const packed = packPaddedSequence(this.embedding.forward(names), lengths, options);
    const { state } = this.gru.forward(packed); // [1, N, 24], each name's own last state
    return this.fc.forward(state.select(0, -1));
  }
}

/** The rule to learn. */
export function classOf(name: string): number {
  const isVowel = (letter: string | undefined) => letter !== undefined && "aeiou".includes(letter);
  if (isVowel(name.at(-1))) return 0;
  return isVowel(name[0]) ? 1 : 2;
}

/** Random names of 2 to 12 letters, every other letter a vowel on average. */
export function makeNames(count: number, generator: Generator): string[] {
  const below = (n: number) => generator.random() % n;
  const letter = () => (below(2) === 0 ? "aeiou"[below(5)]! : "bcdfghjklmnpqrstvwxyz"[below(21)]!);
  return Array.from({ length: count }, () => Array.from({ length: 2 + below(LONGEST - 1) }, letter).join(""));
}

/** Names as indices [N, LONGEST], padded at the end, with their lengths and classes. */
function encode(names: readonly string[], vocabulary: data.Vocabulary) {
  const ids = new Int32Array(names.length * LONGEST); // index 0 is the padding
  names.forEach((name, n) => {
    ids.set(vocabulary.encode(name), n * LONGEST);
  });
  return {
    ids: { data: ids, shape: [names.length, LONGEST] },
    lengths: Int32Array.from(names, (name) => name.length),
    classes: Int32Array.from(names, classOf),
  };
}

/** Trains, prints each epoch's loss, and returns the share of new names that are classified correctly. */
export async function main(device: Device, print: (line: string) => void): Promise<number> {
  manualSeed(0);
  const generator = new Generator(0);
  const names = makeNames(1280, generator);
  const heldOut = makeNames(500, generator);
  const vocabulary = data.Vocabulary.fromText(names, { padding: "·" });

  const model = new NameClassifier(vocabulary.size);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = await device.compile(
    ({ ids, lengths, classes }) => ({ loss: criterion.forward(model.forward(ids, lengths), classes) }),
    { inputs: { ids: [BATCH, LONGEST], lengths: [BATCH], classes: [BATCH] }, optimizer },
  );
  const classify = await device.compile(({ ids, lengths }) => ({ logits: model.forward(ids, lengths) }), {
    inputs: { ids: [heldOut.length, LONGEST], lengths: [heldOut.length] },
  });

  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const order = generator.randperm(names.length);
    const losses = [];
    for (let from = 0; from < names.length; from += BATCH) {
      const batch = [...order.subarray(from, from + BATCH)].map((n) => names[n]!);
      await step.ready();
      losses.push(step.run(encode(batch, vocabulary)).loss);
    }
    const values = await Promise.all(losses.map((loss) => loss.item()));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    print(`Epoch [${epoch}/${EPOCHS}], Loss: ${mean.toFixed(4)}`);
  }

  const { ids, lengths, classes } = encode(heldOut, vocabulary);
  const logits = await classify.run({ ids, lengths }).logits.read();
  const guesses = heldOut.map((_, n) =>
    data.sample(logits.data.subarray(3 * n, 3 * n + 3), { temperature: 0 }),
  );
  const accuracy = guesses.filter((guess, n) => guess === classes[n]).length / heldOut.length;
  print(`Accuracy on ${heldOut.length} new names: ${(100 * accuracy).toFixed(1)} %`);
  for (let n = 0; n < 5; n++) print(`  ${heldOut[n]}: ${CLASSES[guesses[n]!]}`);
  for (const owner of [step, classify, model, criterion]) owner.dispose();
  return accuracy;
}

await runInTerminal(import.meta.url, main);
