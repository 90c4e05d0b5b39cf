import { listed, show } from "../../checks.ts";
import { GraphError, ShapeError, WebGpuLstmError } from "../../errors.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { Layer } from "../../nn/containers.ts";
import { Module } from "../../nn/module.ts";
import { type Shape, showShape } from "../../shape.ts";
import type { LayerFile } from "./layer-file.ts";
import { labelOf } from "./topology.ts";

/** A layer of the file, and the module that computes it. */
export interface NamedLayer {
  readonly file: LayerFile;
  readonly module: Layer;
}

/**
 * A layers model of TensorFlow.js or Keras. Its parameters have the layers' names, then PyTorch's: `lstm.weight_ih_l0`, `dense.weight`. It can
 * be trained, saved and placed like any module. It begins in evaluation mode.
 */
export class TfjsModel extends Module {
  /** Sizes of the input, the batch first; `null` for any size, and for a file that does not say. */
  readonly inputShape: readonly (number | null)[] | null;
  readonly #layers: readonly NamedLayer[];

  /** @internal */
  constructor(layers: readonly NamedLayer[], inputShape: readonly (number | null)[] | null) {
    super();
    this.inputShape = inputShape;
    this.#layers = layers;
    this.eval();
  }

  override *namedChildren(): Generator<[string, Module]> {
    for (const { file, module } of this.#layers) yield [file.name, module];
  }

  /**
   * Computes the layers in their order.
   * @param x The batch first, as in Keras; integers for an embedding.
   * @returns The last layer's output.
   * @throws `ShapeError` for an input that does not fit; errors name the layer.
   */
  forward(x: Tensor, ...more: never[]): Tensor {
    const where = "TfjsModel.forward";
    if (!(x instanceof Tensor) || more.length > 0) {
      throw new ShapeError(
        `${where}: expected one tensor of the trace, got ${listed([x, ...more].map(show))}`,
      );
    }
    if (this.inputShape && !fits(x.shape, this.inputShape)) {
      const wanted = this.inputShape.map((size) => size ?? "*").join(", ");
      throw new ShapeError(`${where}: the input must be [${wanted}], got ${showShape(x.shape)}`);
    }
    let value = x;
    for (const { file, module } of this.#layers) {
      try {
        value = module.forward(value);
      } catch (error) {
        if (!(error instanceof WebGpuLstmError)) throw error;
        const Same = error instanceof ShapeError ? ShapeError : GraphError;
        const given = `its input is ${showShape(value.shape)}`;
        throw new Same(`${where}: ${labelOf(file)}: ${error.message} (${given})`, { cause: error });
      }
    }
    return value;
  }
}

function fits(shape: Shape, wanted: readonly (number | null)[]): boolean {
  return shape.length === wanted.length && wanted.every((size, i) => size === null || size === shape[i]);
}
