import { listed, quote } from "../../checks.ts";
import { Parameter } from "../../graph/parameter.ts";
import type { Layout } from "../../graph/tensor.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../../shape.ts";
import type { Budget } from "../budget.ts";
import { type LayerFile, NotComputed } from "./layer-file.ts";
import { valuesOf, type WeightFile } from "./manifest.ts";
import type { Bytes } from "./shards.ts";

/** Most parts of a weight's name: `bidirectional/forward_lstm/lstm_cell/kernel`. */
const MAX_PARTS = 16;

/** Where a weight's elements go: [rows, columns] of the file to the place of element (row, column). */
export type Place = (row: number, column: number) => number;

/** A weight, and the parts of its name after a beginning. */
interface Named {
  readonly file: WeightFile;
  readonly rest: readonly string[];
}

/** The weights of a model by the layers that take them. */
export class Weights {
  readonly #bytes: Bytes;
  readonly #budget: Budget;
  /** By everything that a name begins with up to a slash. */
  readonly #byBeginning = new Map<string, Named[]>();
  readonly #left: Set<WeightFile>;

  /** @param model The model's name: Keras 3 begins the names with it. */
  constructor(files: readonly WeightFile[], bytes: Bytes, model: string, budget: Budget) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#left = new Set(files);
    for (const file of files) {
      const { name } = file;
      const short = name.startsWith(`${model}/`) ? name.slice(model.length + 1) : name;
      const parts = short.replace(/:0$/, "").split("/", MAX_PARTS + 1);
      for (let i = 1; i < Math.min(parts.length, MAX_PARTS); i++) {
        budget.spend(200, "the list of weights");
        const beginning = parts.slice(0, i).join("/");
        const named = { file, rest: parts.slice(i) };
        const all = this.#byBeginning.get(beginning);
        if (all) all.push(named);
        else this.#byBeginning.set(beginning, [named]);
      }
    }
  }

  /** Names of the weights that no layer has taken. */
  get left(): string[] {
    return [...this.#left].map(({ name }) => name);
  }

  /**
   * A layer's weight.
   * @param part What the name of the layer within begins with: `forward` or `backward`; `""` for none.
   * @param wanted Its shape; -1 for any size.
   */
  take(layer: LayerFile, part: string, own: string, wanted: Shape): WeightFile {
    const found = (this.#byBeginning.get(layer.name) ?? []).filter(({ rest }) => {
      return rest.at(-1) === own && (part === "" || (rest.length > 1 && rest[0]!.startsWith(part)));
    });
    const label = part === "" ? own : `${part} ${own}`;
    if (found.length !== 1) {
      const names = found.map(({ file }) => quote(file.name, 80));
      throw new NotComputed(
        found.length === 0
          ? `the file has no weight ${quote(`${layer.name}/${part && `${part}…/`}${own}`, 80)}`
          : `${listed(names)} could all be its ${label}`,
      );
    }
    const [{ file }] = found as [Named];
    const fits =
      file.shape.length === wanted.length && wanted.every((size, i) => size === -1 || size === file.shape[i]);
    if (!fits) {
      const shown = `[${wanted.map((size) => (size === -1 ? "*" : size)).join(", ")}]`;
      throw new NotComputed(`its ${label} must be ${shown}, got ${showShape(file.shape)}`);
    }
    if (!this.#left.delete(file))
      throw new NotComputed(`the weight ${quote(file.name, 80)} is another layer's too`);
    return file;
  }

  /** The weight's numbers as the file has them. */
  values(file: WeightFile): Float32Array<ArrayBuffer> {
    this.#budget.spend(4 * sizeOf(file.shape), `the weight ${quote(file.name, 80)}`);
    return valuesOf(file, this.#bytes);
  }

  /** Counts elements beside the file's. */
  spend(elements: number): void {
    this.#budget.spend(4 * elements, "what belongs to the weights");
  }

  /** A parameter of the file's numbers in another order. */
  parameter(
    file: WeightFile,
    shape: Shape,
    place: Place | null = null,
    layout: Layout | null = null,
  ): Parameter {
    const values = this.values(file);
    if (!place) return new Parameter(shape, values, layout);
    const columns = file.shape.at(-1)!;
    const placed = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) placed[place(Math.floor(i / columns), i % columns)] = values[i]!;
    return new Parameter(shape, placed, layout);
  }
}

/** For a weight [rows, columns] that becomes [columns, rows]. */
export function transposed(rows: number): Place {
  return (row, column) => column * rows + row;
}

/** Throws unless two weights agree. */
export function checkSame(what: string, a: Shape, b: Shape): void {
  if (!sameShape(a, b))
    throw new NotComputed(`${what} must have one shape, got ${showShape(a)} and ${showShape(b)}`);
}
