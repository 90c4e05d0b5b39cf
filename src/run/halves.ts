/** Weights in half precision, for inference. Loads on demand, and imports types and what loads with it alone. */
import type { show } from "../checks.ts";
import type { GraphError, OptionError } from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import { readHalves } from "../gpu/half-text.ts";
import type { BufferRange, Kernel } from "../gpu/kernel.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { OnDemand } from "../ondemand.ts";
import type { linearGrid } from "../ops/grid.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import { halveDeclaration, halved } from "../ops/update/halve.ts";
import * as halveTexts from "../ops/update/halve.wgsl.ts";
import type { showShape } from "../shape.ts";
import { HalfWeights } from "./half-weights.ts";
import type { Program, ProgramSource } from "./program.ts";

/** The kernels that read a weight in half precision, and the binding that they read it from. */
const READERS: readonly (readonly [kernel: RegExp, binding: string])[] = [
  [/^gemm_|^matmul_batched$|^conv1d_lanes4$/, "b"],
  [/_(step|split|sequence4?)_forward$|^embedding_forward$/, "weight"],
  [/^conv1d_(product|split)$/, "w"],
];

/** The binding of a kernel that can be read in half precision, if one can. */
export function halfBinding(kernel: string): string | undefined {
  return READERS.find(([pattern]) => pattern.test(kernel))?.[1];
}

/** The smallest number that is infinite in half precision. */
const TOO_LARGE = 65520;

/** What this file needs of the main one. */
interface Main {
  readonly Kernel: typeof Kernel;
  readonly OnDemand: typeof OnDemand;
  readonly Parameter: typeof Parameter;
  readonly Program: typeof Program;
  readonly GraphError: typeof GraphError;
  readonly OptionError: typeof OptionError;
  readonly linearGrid: typeof linearGrid;
  readonly show: typeof show;
  readonly showShape: typeof showShape;
}

/** Lets programs read their weights in half precision. */
export class Halves {
  /** Makes halves of float32 values. */
  readonly kernel: Kernel;
  readonly #main: Main;
  readonly #readers = new WeakMap<Kernel, Kernel>();

  constructor(main: Main) {
    this.#main = main;
    const texts = new main.OnDemand(async () => halveTexts);
    this.kernel = new main.Kernel({ ...halveDeclaration, texts });
  }

  /** A kernel that reads its weight in half precision. */
  reader(kernel: Kernel): Kernel {
    let reader = this.#readers.get(kernel);
    if (!reader) {
      const halves = { binding: halfBinding(kernel.name)!, rewrite: readHalves };
      reader = new this.#main.Kernel({ ...kernel.declaration, halves });
      this.#readers.set(kernel, reader);
    }
    return reader;
  }

  /**
   * The program's dispatches with their weights in half precision: the parameters that nothing reads but kernels that can.
   * @throws OptionError if there are none.
   * @param results What is read after the dispatches.
   */
  weightsOf(
    context: GpuContext,
    source: Pick<ProgramSource, "graph" | "choices">,
    dispatches: readonly Dispatch[],
    results: Iterable<Tensor>,
  ): HalfWeights {
    const { graph } = source;
    const parameters = this.#parametersOf(dispatches, results);
    if (parameters.length === 0) {
      throw new this.#main.OptionError(
        `device.compile: weights "f16": no parameter of this step is read by matrix products, recurrent layers, convolutions or ` +
          'embeddings alone, so none can be in half precision; leave weights at "f32"',
      );
    }
    const halves = new Map<Parameter, Tensor>();
    for (const parameter of parameters) {
      this.#place(context, parameter);
      halves.set(parameter, graph.input([Math.ceil(parameter.elements / 2)]));
    }
    const reading = dispatches.map((dispatch) => {
      const name = halfBinding(dispatch.kernel.name);
      const root = name && (dispatch.bindings[name]?.storage.root as Parameter | undefined);
      const half = root && halves.get(root);
      if (!half) return dispatch;
      return {
        ...dispatch,
        kernel: this.reader(dispatch.kernel),
        bindings: { ...dispatch.bindings, [name]: half },
        bytes: dispatch.bytes - 2 * root.elements,
      };
    });
    return new HalfWeights(reading, halves, (stale) => this.#halve(context, source, stale, halves));
  }

  #parametersOf(dispatches: readonly Dispatch[], results: Iterable<Tensor>): Parameter[] {
    const { Parameter } = this.#main;
    const readable = new Set<Parameter>();
    const others = new Set<Operand>([...results].map(({ storage }) => storage.root));
    for (const { kernel, bindings } of dispatches) {
      for (const [name, operand] of Object.entries(bindings)) {
        const root = operand?.storage.root;
        if (!(root instanceof Parameter)) continue;
        const isWhole = operand!.storage.offset === 0 && operand!.elements === root.elements;
        if (isWhole && name === halfBinding(kernel.name)) readable.add(root);
        else others.add(root);
      }
    }
    return [...readable].filter((parameter) => !others.has(parameter));
  }

  /** Gives a parameter room for its halves, once on a device. */
  #place(context: GpuContext, parameter: Parameter): void {
    const { half } = parameter;
    if (half && half.context !== context && !half.context.isGone) {
      throw new this.#main.GraphError(
        "device.compile: the f16 weights of this model live on another device; build a second model and load the first one's " +
          "state dict",
      );
    }
    if (half?.context === context && !half.buffer.disposed) return;
    const bytes = 16 * Math.ceil((parameter.elements * 2) / 16);
    const label = `a weight of shape ${this.#main.showShape(parameter.shape)} in half precision`;
    const buffer = context.allocate("parameter", bytes, label);
    parameter.half = { context, buffer, revision: Number.NaN };
    context.freeWith(parameter, [buffer]);
  }

  /** Makes halves of the parameters' values: of those on the device, or else of those on the host. */
  #halve(
    context: GpuContext,
    source: Pick<ProgramSource, "graph" | "choices">,
    parameters: readonly Parameter[],
    halves: ReadonlyMap<Parameter, Tensor>,
  ): void {
    const inputs = new Map<string, Tensor>();
    const values: Float32Array[] = [];
    const placed = new Map<Tensor, BufferRange>();
    const dispatches = parameters.map((parameter) => {
      const { buffer } = parameter.half!;
      const half = halves.get(parameter)!;
      placed.set(half, { buffer, offset: 0, bytes: buffer.bytes });
      const host = parameter.host;
      const from = host ? source.graph.input([host.length]) : parameter;
      if (host) inputs.set(`${values.push(host) - 1}`, from);
      return halved(this.kernel, from, half, (count) => this.#main.linearGrid(count, context.limits));
    });
    const none = new Map<never, never>();
    const empty = { outputs: none, carried: none, optionalFrom: null, update: null };
    const whole = { ...source, ...empty, inputs, placed, dispatches };
    const program = context.faults.allOrNothing("step.run", () => new this.#main.Program(context, whole));
    for (const [i, value] of values.entries()) program.writeInput(`${i}`, value);
    program.replay(true);
    program.dispose();
    for (const parameter of parameters) parameter.half!.revision = parameter.revision;
  }

  /**
   * Settles once a program can run.
   * @throws OptionError if a weight is too large.
   */
  async ready(context: GpuContext, { parameters }: HalfWeights): Promise<void> {
    try {
      await Promise.all([this.#check(parameters), context.kernels.compile([this.kernel])]);
    } catch (error) {
      for (const { half } of parameters) if (Number.isNaN(half?.revision)) half!.buffer.dispose();
      throw error;
    }
  }

  async #check(parameters: readonly Parameter[]): Promise<void> {
    const { OptionError, show, showShape } = this.#main;
    const all = parameters.map(async (parameter) => ({ parameter, data: (await parameter.read()).data }));
    for (const { parameter, data } of await Promise.all(all)) {
      const large = data.find((value) => Math.abs(value) >= TOO_LARGE && Number.isFinite(value));
      if (large === undefined) continue;
      throw new OptionError(
        `device.compile: weights "f16": a weight of shape ${showShape(parameter.shape)} has the value ${show(large)}; float16 ends at ` +
          '65504, so leave weights at "f32" or scale the weight down',
      );
    }
  }
}
