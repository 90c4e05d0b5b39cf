/** What the Text view reads of a model's units, against the cells' own states. */
import { expect, test, vi } from "vitest";
import { Device, data, Generator, manualSeed } from "webgpu-lstm";
import { TextModel } from "../../demo/text/model/model.ts";
import { Reading } from "../../demo/text/model/reading.ts";
import { SIGNALS } from "../../demo/text/model/signals.ts";
import { Thinker } from "../../demo/text/model/thinker.ts";
import { WatchedStep } from "../../demo/text/model/watched-step.ts";

const CHARACTERS = 7;
const TRACKS = 2;
const STEPS = 5;
const HIDDEN = 6;
const UNITS = 2 * HIDDEN;

/** Characters of two tracks, step after step. */
const IDS = [1, 6, 2, 0, 5, 5, 3, 1, 4, 2];

test.each(["LSTM", "GRU", "RNN"] as const)(
  "gates of both layers of a %s give its states, and the logits are those of the whole sequence",
  async (cell) => {
    manualSeed(3);
    const device = await Device.request();
    const model = new TextModel(CHARACTERS, { cell, hiddenSize: HIDDEN, numLayers: 2 });
    const step = await WatchedStep.open(device, model, TRACKS);
    const names = SIGNALS[cell];
    let before = new Float32Array(TRACKS * names.length * UNITS);
    let logits = new Float32Array();
    // Read twice: the second time from states of zero again.
    for (const round of [0, 1]) {
      for (let t = 0; t < STEPS; t++) {
        const answer = await step.read(IDS.slice(TRACKS * t, TRACKS * (t + 1)));
        for (let track = 0; track < TRACKS; track++) {
          for (let unit = 0; unit < UNITS; unit++) {
            const now = (name: string) =>
              answer.signals[(track * names.length + names.indexOf(name)) * UNITS + unit]!;
            const was = (name: string) =>
              t === 0 ? 0 : before[(track * names.length + names.indexOf(name)) * UNITS + unit]!;
            if (cell === "LSTM") {
              expect(now("c")).toBeCloseTo(now("f") * was("c") + now("i") * now("g"), 5);
              expect(now("h")).toBeCloseTo(now("o") * Math.tanh(now("c")), 5);
            } else if (cell === "GRU") {
              expect(now("h")).toBeCloseTo((1 - now("z")) * now("n") + now("z") * was("h"), 5);
            }
          }
        }
        before = answer.signals as typeof before;
        logits = answer.logits as typeof logits;
      }
      if (round === 0) step.reset();
    }
    const whole = await device.compile(({ x }) => ({ y: model.forward(x).output.select(1, -1) }), {
      inputs: { x: [TRACKS, STEPS] },
    });
    const x = Float32Array.from(IDS, (_, i) => IDS[(i % STEPS) * TRACKS + Math.floor(i / STEPS)]!);
    const { data: expected } = await whole.ask({ x }, "y");
    for (const [i, value] of expected.entries()) expect(logits[i]).toBeCloseTo(value, 5);
    step.dispose();
    whole.dispose();
    model.dispose();
    device.dispose();
  },
);

test("a reading has a shade for every unit, and finds the passages of one", async () => {
  manualSeed(4);
  const device = await Device.request();
  const text = "the whale, the sea; ".repeat(40);
  const vocabulary = data.Vocabulary.fromText(text);
  const model = new TextModel(vocabulary.size, { cell: "GRU", hiddenSize: HIDDEN, numLayers: 1 });
  const reading = await Reading.of(device, model, vocabulary, vocabulary.encode(text));
  for (const unit of [0, HIDDEN - 1]) {
    const { high, low, answers } = reading.firing(unit);
    expect(answers.map(({ character }) => character).sort()).toEqual([...new Set(text)].sort());
    const all = [...high, ...low];
    expect(all.length).toBeGreaterThan(3);
    for (const { characters, at, shades } of all) {
      expect(text).toContain(characters.join(""));
      expect(Math.abs(shades[at]!)).toBeGreaterThan(0);
    }
  }
  model.dispose();
  device.dispose();
});

test("a prompt's characters do not wait for each other, and are read as if they did", async () => {
  manualSeed(5);
  const device = await Device.request();
  const vocabulary = data.Vocabulary.fromText("the whale, the sea");
  const model = new TextModel(vocabulary.size, { cell: "LSTM", hiddenSize: HIDDEN, numLayers: 1 });
  const thinker = await Thinker.open(device, model, vocabulary);
  const options = { length: 0, generator: new Generator(0) };
  await thinker.compose("sea", options);
  let [waiting, most] = [0, 0];
  const { mapAsync } = GPUBuffer.prototype;
  const spy = vi.spyOn(GPUBuffer.prototype, "mapAsync").mockImplementation(async function (
    this: GPUBuffer,
    ...args
  ) {
    most = Math.max(most, ++waiting);
    await mapAsync.apply(this, args);
    waiting--;
  });
  const thought = await thinker.compose("the whale", options);
  spy.mockRestore();
  expect(most).toBe("the whale".length);
  const step = await WatchedStep.open(device, model);
  const signals: number[] = [];
  for (const character of "the whale") {
    signals.push(...(await step.read(vocabulary.encode([character]))).signals);
  }
  expect([...thought.signals]).toEqual(signals);
  expect(thought.characters.join("")).toBe("the whale");
  step.dispose();
  thinker.dispose();
  model.dispose();
  device.dispose();
});
