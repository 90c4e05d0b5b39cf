/** The examples of the sources' TSDoc, each with what it may take for granted. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../../src/", import.meta.url));

export interface DocumentedExample {
  readonly file: string;
  readonly text: string;
  /** As a module that the compiler can read. */
  readonly module: string;
}

const everything = `
import * as library from "webgpu-lstm";
import {
  cat, data, type data as Data, Device, EarlyStopping, Generator, grad, LearningRateSchedule, loadCheckpoint, manualSeed, ModelCheckpoint,
  metrics, type NDArray, nn, openCheckpointStore, optim, saveCheckpoint, type Result, Stream, type Tensor, Trainer,
} from "webgpu-lstm";
import { inspect, inspectKeras, loadKeras, loadOnnx, loadTfjs, loadTorch, saveOnnx, saveTorch } from "webgpu-lstm/formats";
import { createStudy, importances, openJournal, pruners, pruning, samplers, type Study, type Trial, TrialPruned } from "webgpu-lstm/search";
import { JournalFile, JournalRedis, runTrials, serveTrials } from "webgpu-lstm/search/node";
import { connect, type RemoteTrainer, serve, transfer } from "webgpu-lstm/worker";

declare class Forecaster extends nn.Module { forward(x: Tensor): Tensor }
interface Config { readonly seed: number; readonly x: data.NumberNDArray; readonly y: data.NumberNDArray }
declare function plot(epoch: number, loss: number): void;
declare const [device, criterion, optimizer, fc]: [Device, nn.MSELoss, optim.Optimizer, nn.Linear];
declare const [trainer, loader, validation, testLoader]: [Trainer, data.DataLoader, data.DataLoader, data.DataLoader];
declare const [signal, worker, file, url]: [AbortSignal, Worker, Blob, string];
declare const [study, trial, epoch, loss]: [Study, Trial, number, number];
declare const [dataset, vocabulary]: [data.Dataset, data.Vocabulary];
declare const [text, heldOut]: [string, Int32Array];
declare const [hours, load, sine, weather, forecast, samples]: [Float64Array, Float64Array, Float64Array, NDArray, NDArray, Float32Array];
declare const step: library.CompiledStep<"h" | "loss">;
declare const fn: (inputs: { readonly x: Tensor; readonly y: Tensor }) => { loss: Tensor };
`;

/** In layers' examples operands are tensors. */
const tensors = `
declare const [x, y, ids, output, prediction, logits]: [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
declare const table: NDArray;
`;

const arrays = `
declare const [x, y, series]: [NDArray, NDArray, NDArray];
declare const [embedding, calendar, logits]: [nn.Embedding, data.NamedSeries, Result];
declare const [zeros, ids, bytes]: [Float32Array, Int32Array, Uint8Array<ArrayBuffer>];
`;

const model = "declare const model: Forecaster;\n";

const kinds: readonly [folder: RegExp, given: string][] = [
  [/^nn\/[^/]*$/, tensors],
  [/^stream\//, `${arrays}declare const model: nn.LSTM;\n`],
  [
    /^search\//,
    `${model}${arrays}declare function train(lr: number, signal: AbortSignal): Promise<number>;\n`,
  ],
  [/./, `${model}${arrays}declare const train: NDArray;\n`],
];

/** Every `@example` in `src/`. */
export function documentedExamples(): DocumentedExample[] {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return files.flatMap((file) =>
    examplesIn(readFileSync(sources + file, "utf8")).map((text) => ({
      file,
      text,
      module: moduleOf(file, text),
    })),
  );
}

function examplesIn(source: string): string[] {
  return [...source.matchAll(/\/\*\*.*?\*\//gs)].flatMap(([comment]) => {
    const lines = comment.slice(3, -2).split("\n");
    const text = lines.map((line) => line.replace(/^\s*\* ?/, "")).join("\n");
    return [...text.matchAll(/^@example\n(.*?)(?=^@|$(?![\s\S]))/gms)].map(([, example]) => example!.trim());
  });
}

function moduleOf(file: string, text: string): string {
  if (text.includes("import {")) return text;
  const [, given] = kinds.find(([folder]) => folder.test(file))!;
  return `${everything}${given}{\n${text}\n}\nexport {};\n`;
}
