/**
 * A character model that reads Moby-Dick, learns to predict the next character, and writes as it learns. It prints the bits per
 * character of the held-out end of the text, beside those of a unigram and a trigram model.
 * `node tools/run.mjs examples/char-gru.ts --help` lists its options.
 */
import { chapters } from "../tasks/characters/moby-dick.ts";
import { type CharacterOptions, parseCharacterOptions, USAGE } from "../tasks/characters/options.ts";
import { baselinesOf, characterTask } from "../tasks/characters/task.ts";
import { trainCharacters } from "../tasks/characters/train.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";

async function main(args: readonly string[]): Promise<void> {
  const options = parseCharacterOptions(args, chapters.length);
  if (!options) return console.log(USAGE);
  const device = await openDevice();
  try {
    console.log(device.describe());
    await run(device, options);
  } finally {
    device.dispose();
  }
}

async function run(device: Awaited<ReturnType<typeof openDevice>>, options: CharacterOptions) {
  const text = chapters.slice(0, options.chapters).join("\n\n");
  const task = characterTask(text);
  const { unigram, trigram } = baselinesOf(task);
  const count = (n: number) => n.toLocaleString("en");
  console.log(
    `Moby-Dick, ${options.chapters} chapters: ${count(task.train.length)} characters to train on, ` +
      `${count(task.heldOut.length)} held out, ${task.vocabulary.size} different ones`,
  );
  console.log(`bits per character, held out: unigram ${unigram.toFixed(3)}, trigram ${trigram.toFixed(3)}`);
  for await (const report of trainCharacters(device, task, options)) {
    const { step, trainBits, heldOutBits, written, charactersPerSecond } = report;
    console.log(
      `step ${step}/${options.steps}: ${trainBits.toFixed(3)} in training, ${heldOutBits.toFixed(3)} held out; ` +
        `${charactersPerSecond.toFixed(0)} characters/s`,
    );
    console.log(`  ${options.prompt}${written}`.replaceAll("\n", "\n  "));
  }
}

await runWithArguments(import.meta.url, main);
