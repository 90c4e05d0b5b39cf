/** What a whole model takes, and values that fit. */
import { Generator } from "webgpu-lstm";
import type { FileInfo } from "webgpu-lstm/formats";
import { counted } from "../../shell/format.ts";

export interface ModelInput {
  readonly name: string;
  /** Whether it takes whole numbers: indices of an embedding, lengths. */
  readonly whole: boolean;
  /** Its sizes; a text is the name of one that may change. */
  readonly shape: readonly (number | string)[];
  /** Entries of the embedding that the indices are for, as far as can be told. */
  readonly entries: number | undefined;
}

export type FillKind = "sine" | "step" | "noise" | "zeros" | "text" | "numbers";

/** Sizes that a dynamic one is given at first. */
const STEPS = 24;

/** Inputs of an ONNX file, from its description: `input x` → `float [batch, time, 8]`. */
export function onnxInputs({ metadata, tensors }: FileInfo): ModelInput[] {
  const table = tensors.find(({ name, shape }) => shape.length === 2 && /emb|wte|lookup/i.test(name));
  return [...metadata]
    .filter(([key]) => key.startsWith("input "))
    .map(([key, text]) => {
      const sizes = /\[(.*)\]/.exec(text)?.[1] ?? "";
      const shape =
        sizes === "" ? [] : sizes.split(", ").map((size) => (/^[1-9]\d*$/.test(size) ? Number(size) : size));
      const whole = /^u?int|^bool/.test(text);
      return { name: key.slice("input ".length), whole, shape, entries: whole ? table?.shape[0] : undefined };
    });
}

/** The one input of a layers model; it takes indices if its first layer is an embedding. */
export function tfjsInputs(info: FileInfo, shape: readonly (number | null)[] | null): ModelInput[] {
  const kinds = [...info.metadata].filter(([key]) => key.startsWith("layer ")).map(([, kind]) => kind);
  const whole = kinds.find((kind) => kind !== "InputLayer") === "Embedding";
  const table = info.tensors.find(({ name }) => /embeddings$/.test(name));
  const names = ["batch", "time", "features"];
  const sizes = (shape ?? [null, null]).map((size, i) => size ?? names[i] ?? "?");
  return [{ name: "x", whole, shape: sizes, entries: whole ? table?.shape[0] : undefined }];
}

/** Sizes to begin with: 1 for batches and for states, {@link STEPS} for other dynamic ones. */
export function firstSizes({ name, shape }: ModelInput): number[] {
  const state = /state|hidden|^[hc](_?0|x|n)?$/i.test(name);
  return shape.map((size, dim) => {
    if (typeof size === "number") return size;
    return state || /batch/i.test(size) || dim === 0 ? 1 : STEPS;
  });
}

/** The name of each dynamic size, by dimension. A size without a name is known by its input. */
export function dynamicSizes({ name, shape }: ModelInput): Record<number, string> {
  const plain = (text: string) => text.replace(/\W/g, "_");
  return Object.fromEntries(
    shape.flatMap((size, dim) =>
      typeof size === "number"
        ? []
        : [[dim, size === "?" || /^-?\d+$/.test(size) ? `${plain(name)}_${dim}` : plain(size)]],
    ),
  );
}

/** Reads sizes such as "1, 24". Throws an error in words for the visitor. */
export function parseSizes(text: string, { name, shape }: ModelInput): number[] {
  const sizes = text
    .split(/[\s,×x]+/)
    .filter(Boolean)
    .map(Number);
  if (sizes.length !== shape.length) {
    throw new Error(
      `${name} has ${counted(shape.length, "size")}, [${shape.join(", ")}]; ${given(sizes.length)}.`,
    );
  }
  const bad = sizes.findIndex((size, dim) => {
    const wanted = shape[dim]!;
    return !Number.isInteger(size) || size < 1 || (typeof wanted === "number" && size !== wanted);
  });
  if (bad >= 0)
    throw new Error(`${name} must be [${shape.join(", ")}]; “${text}” does not fit in place ${bad + 1}.`);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count > MOST) throw new Error(`${name} would have ${count} values; at most ${MOST} are filled here.`);
  return sizes;
}

const MOST = 1_000_000;

/** 1 is given, 2 are given */
const given = (number: number) => `${number} ${number === 1 ? "is" : "are"} given`;

/** Values of an input. Throws an error in words for the visitor. */
export function fill(
  input: ModelInput,
  sizes: readonly number[],
  kind: FillKind,
  text: string,
): Float32Array {
  const count = sizes.reduce((product, size) => product * size, 1);
  const features = sizes.length > 2 ? sizes.at(-1)! : 1;
  const steps = sizes.length > 2 ? sizes.at(-2)! : (sizes.at(-1) ?? 1);
  const step = (i: number) => Math.floor(i / features) % steps;
  const data = new Float32Array(count);
  switch (kind) {
    case "zeros":
      return data;
    case "noise":
      return new Generator(0).uniform_(data, -1, 1);
    case "sine":
      return data.map((_, i) => Math.sin(2 * Math.PI * (step(i) / STEPS - (i % features) / features)));
    case "step":
      return data.map((_, i) => (step(i) < steps / 4 ? 0 : 1));
    case "text":
      return filledWith(data, indicesOf(text, input.entries));
    case "numbers": {
      const fields = text.split(/[\s,;]+/).filter(Boolean);
      const bad = fields.find(
        (field) => !Number.isFinite(Number(field)) || (input.whole && !/^-?\d+$/.test(field)),
      );
      if (bad !== undefined) {
        throw new Error(
          `“${bad.slice(0, 20)}” is no ${input.whole ? "whole " : ""}number, as ${input.name} takes.`,
        );
      }
      if (fields.length !== count) {
        throw new Error(
          `${input.name} has ${counted(count, "value")}, [${sizes.join(", ")}]; ${given(fields.length)}.`,
        );
      }
      return Float32Array.from(fields, Number);
    }
  }
}

/** An index for each character: its code, modulo the entries, since files have no vocabulary. */
export function indicesOf(text: string, entries = 256): number[] {
  if (text === "") throw new Error("Write some text first.");
  return [...text].map((character) => character.codePointAt(0)! % entries);
}

/** Begins with the values, and repeats them as often as they fit. */
function filledWith(data: Float32Array, values: readonly number[]): Float32Array {
  return data.map((_, i) => values[i % values.length]!);
}
