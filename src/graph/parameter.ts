import { checkBoolean, show } from "../checks.ts";
import { DisposedError, OptionError, ShapeError, StateDictError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import { checkShape, type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { type Layout, Tensor } from "./tensor.ts";

/** A parameter's place on a device. Values are in PyTorch's order. */
export interface ParameterHome {
  read(): Promise<Float32Array>;
  write(data: Float32Array): void;
  /** Gives the memory back. */
  release(): void;
}

/** A value in half precision on a device, for inference: see run/halves.ts. */
interface HalfCopy {
  readonly context: GpuContext;
  readonly buffer: DeviceBuffer;
  /** The {@link Parameter.revision} that it was made of. */
  revision: number;
}

/** Throws for values of any other type: their bytes are other numbers on the device. */
function checkValues(where: string, data: unknown): asserts data is Float32Array {
  if (data instanceof Float32Array) return;
  throw new OptionError(
    `${where}: data must be a Float32Array, got ${show(data)}; Float32Array.from(numbers) makes one`,
  );
}

/**
 * A learned tensor. It starts on the host and moves to a device with the first program that uses it. From then on the value is
 * on the device.
 */
export class Parameter extends Tensor {
  /** The outermost module that has given it with its parameters or its state. @internal */
  givenBy: object | null = null;
  /** Whether training changes it: it has a gradient. A compiled step follows: it is planned anew when this changes. */
  requiresGrad = true;
  #host: Float32Array | null;
  #home: ParameterHome | null = null;
  /** Whether steps change the value on the device. @internal */
  isChanged = true;
  /** Counts what may have changed the value. @internal */
  revision = 0;
  /** @internal */
  half: HalfCopy | null = null;

  /**
   * @param data Initial value in PyTorch's order; it is not copied.
   * @param layout The kernels' order of the elements, if it is not PyTorch's.
   */
  constructor(shape: Shape, data: Float32Array, layout: Layout | null = null) {
    super(checkShape("Parameter", shape), null);
    checkValues("Parameter", data);
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `Parameter: shape ${showShape(shape)} holds ${sizeOf(shape)} values, got ${data.length}; give one value an element`,
      );
    }
    this.#host = data;
    this.layout = layout;
  }

  /** Whether the value is gone, as after the model's `dispose()`. @internal */
  get disposed(): boolean {
    return !this.#home && !this.#host;
  }

  /** @internal */
  get home(): ParameterHome | null {
    return this.#home;
  }

  /** The value while it is on no device, in the kernels' order. @internal */
  get host(): Float32Array | null {
    if (this.#home || !this.#host) return null;
    return this.layout ? this.layout.pack(this.#host) : this.#host;
  }

  /**
   * Moves the value to a device.
   * @param accepted Whether the device had the memory; if not, the value is the host's again.
   * @internal
   */
  moveTo(home: ParameterHome, accepted: Promise<boolean>): void {
    const data = this.#host;
    if (!data) throw new DisposedError("Parameter: its model was disposed; build a new one");
    home.write(data);
    this.#home = home;
    void accepted.then((moved) => {
      if (this.#home !== home) return;
      if (!moved) {
        home.release();
        this.#home = null;
        return;
      }
      if (this.isChanged) this.#host = null;
    });
  }

  /**
   * Takes the value back from a device that is gone.
   * @param data The value, in PyTorch's order; may be left out for a {@link Buffer}.
   * @internal
   */
  leave(data = this.#host): void {
    this.#home?.release();
    this.#home = null;
    this.#host = data;
    this.revision++;
  }

  /** PyTorch's name of {@link requiresGrad}: setting it would freeze nothing. @internal */
  get requires_grad(): never {
    throw new OptionError("Parameter.requires_grad: it is called requiresGrad here");
  }

  /** @internal */
  set requires_grad(_: boolean) {
    void this.requires_grad;
  }

  /** Sets `requiresGrad`: `requiresGrad_(false)` freezes the parameter. */
  requiresGrad_(requiresGrad = true): this {
    checkBoolean("Parameter.requiresGrad_", "requiresGrad", requiresGrad);
    this.requiresGrad = requiresGrad;
    return this;
  }

  /** Reads the current value, in PyTorch's order. Waits for the GPU if the value is there. */
  async read(): Promise<NDArray> {
    if (this.#home) return { shape: this.shape, data: await this.#home.read() };
    if (!this.#host) throw new DisposedError("Parameter.read: its model was disposed");
    return { shape: this.shape, data: this.#host.slice() };
  }

  /** Replaces the value; data in PyTorch's order. */
  write(data: Float32Array): void {
    checkValues("Parameter.write", data);
    if (data.length !== sizeOf(this.shape)) {
      throw new StateDictError(
        `Parameter.write: shape ${showShape(this.shape)} holds ${sizeOf(this.shape)} values, got ${data.length}`,
      );
    }
    if (this.disposed) throw new DisposedError("Parameter.write: its model was disposed");
    this.#home?.write(data);
    this.#host?.set(data);
    this.revision++;
  }

  /** Frees the device memory; the parameter cannot be used again. */
  dispose(): void {
    this.#home?.release();
    this.half?.buffer.dispose();
    this.#home = null;
    this.#host = null;
  }
}

/**
 * A tensor of a module's state that is not learned, as `torch.nn.Buffer`: a loss's class weights, for example. It is in the state
 * dict and on the device like a parameter, but not in `parameters()`.
 */
export class Buffer extends Parameter {
  /** Whether it is in the state dict. */
  persistent = true;
  /** @internal */
  override isChanged = false;

  /** Notes that steps change the value, so that what the host has of it counts for nothing. @internal */
  changes(): void {
    this.isChanged = true;
  }
}

/** Throws a DisposedError if one of the parameters that a step needs was disposed. */
export function checkNotDisposed(parameters: Iterable<Parameter>): void {
  for (const { disposed } of parameters) {
    if (!disposed) continue;
    throw new DisposedError(
      "step.run: the step's model was disposed; build a new one and compile a step for it",
    );
  }
}
