import { DisposedError, GraphError } from "../errors.ts";
import type { BufferRole, DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { StagingPool } from "../gpu/staging.ts";
import type { Parameter, ParameterHome } from "../graph/parameter.ts";
import { roundUp, showShape } from "../shape.ts";
import { STORAGE_ALIGNMENT } from "./memory.ts";

/** Alignment of a parameter's place, in elements. */
const ALIGNMENT = STORAGE_ALIGNMENT / 4;

/** A parameter's place in the flat buffers of its arena, in elements. */
class Place implements ParameterHome {
  readonly parameter: Parameter;
  readonly arena: ParameterArena;
  readonly offset: number;
  readonly size: number;

  constructor(parameter: Parameter, arena: ParameterArena, offset: number) {
    this.parameter = parameter;
    this.arena = arena;
    this.offset = offset;
    this.size = parameter.elements;
  }

  /** This parameter's part of one of the arena's buffers. */
  range(buffer: DeviceBuffer): BufferRange {
    return { buffer, offset: this.offset * 4, bytes: roundUp(this.size * 4, 16) };
  }

  read(): Promise<Float32Array> {
    return this.readFrom("Parameter.read", this.arena.values);
  }

  write(data: Float32Array): void {
    this.writeTo("Parameter.write", this.arena.values, data);
  }

  /** Reads this parameter's part of one of the arena's buffers, in PyTorch's order. */
  async readFrom(where: string, buffer: DeviceBuffer): Promise<Float32Array> {
    this.arena.context.check(where);
    const data = await this.arena.staging.read(buffer, this.offset, this.size);
    return this.parameter.layout ? this.parameter.layout.unpack(data) : data;
  }

  /** Writes this parameter's part of one of the arena's buffers; data in PyTorch's order. */
  writeTo(where: string, buffer: DeviceBuffer, data: Float32Array): void {
    this.arena.context.check(where);
    const packed = this.parameter.layout ? this.parameter.layout.pack(data) : data;
    this.arena.context.write(buffer, this.offset * 4, packed);
  }

  release(): void {
    this.arena.release(this);
  }
}

/**
 * Parameters that were placed on a device together, in one flat buffer, or as many as fit one. Their gradients and each optimizer moment
 * have buffers of the same layout, so that one dispatch updates them all.
 */
export class ParameterArena {
  readonly context: GpuContext;
  readonly values: DeviceBuffer;
  readonly staging: StagingPool;
  readonly #live: Set<Place>;
  #gradients: DeviceBuffer | null = null;
  /** By optimizer: its state goes with it. */
  readonly #states = new WeakMap<object, Map<string, DeviceBuffer>>();
  readonly #buffers = new Set<DeviceBuffer>();

  private constructor(context: GpuContext, parameters: readonly Parameter[]) {
    let elements = 0;
    const places = parameters.map((parameter) => {
      const place = new Place(parameter, this, elements);
      elements = roundUp(elements + parameter.elements, ALIGNMENT);
      return place;
    });
    this.#live = new Set(places);
    this.context = context;
    this.staging = new StagingPool(context, "parameters");
    const largest = parameters.reduce((a, b) => (b.elements > a.elements ? b : a));
    const label = `${parameters.length} parameters up to ${showShape(largest.shape)}`;
    context.freeWith(this, this.#buffers);
    this.values = this.#allocate("parameter", elements * 4, label);
  }

  /** Places the parameters that are not on a device yet. */
  static place(context: GpuContext, parameters: Iterable<Parameter>): void {
    const all = [...new Set(parameters)];
    // Refuse what cannot be placed before anything is allocated.
    for (const parameter of all) {
      // The value is still on the host, and may be that of a loss whose device was lost.
      const { home, isChanged } = parameter;
      if (!isChanged && (home as Place | null)?.arena.context.isGone) parameter.leave();
      if (parameter.home || parameter.disposed) ParameterArena.placeOf(context, parameter);
    }
    // Fills one flat buffer after the other.
    const parts: Parameter[][] = [];
    let free = 0;
    for (const parameter of all) {
      if (parameter.home) continue;
      const bytes = roundUp(parameter.elements, ALIGNMENT) * 4;
      if (bytes > free) {
        parts.push([]);
        free = context.limits.maxStorage;
      }
      parts.at(-1)!.push(parameter);
      free -= bytes;
    }
    // None moves unless all have a place.
    const arenas: ParameterArena[] = [];
    try {
      for (const part of parts) arenas.push(new ParameterArena(context, part));
    } catch (error) {
      for (const { values } of arenas) values.dispose();
      throw error;
    }
    for (const arena of arenas) {
      for (const place of arena.#live) place.parameter.moveTo(place, arena.values.accepted);
    }
  }

  /** Where a placed parameter lies. */
  static placeOf(context: GpuContext, parameter: Parameter): Place {
    if (parameter.disposed)
      throw new DisposedError("device.compile: the model was disposed; build a new one");
    const place = parameter.home;
    if (!(place instanceof Place) || place.arena.context !== context) {
      const gone =
        "device.compile: the model's values are gone with another device; build it anew and load the saved ones";
      if (place instanceof Place) place.arena.context.check(gone);
      throw new GraphError(
        "device.compile: a parameter of this model lives on another device; build a second model and load the first one's " +
          "state dict",
      );
    }
    return place;
  }

  /** Gradients of all parameters, made when first asked for. */
  get gradients(): DeviceBuffer {
    if (!this.#gradients || this.#gradients.disposed)
      this.#gradients = this.#allocate("gradient", this.values.bytes, "gradients");
    return this.#gradients;
  }

  /** A buffer of an optimizer's state for these parameters, zero at first. All programs with the optimizer share it. */
  stateOf(optimizer: object, name: string): DeviceBuffer {
    let states = this.#states.get(optimizer);
    if (!states) {
      states = new Map();
      this.#states.set(optimizer, states);
      this.context.freeWith(optimizer, states);
    }
    let state = states.get(name);
    if (!state || state.disposed) {
      state = this.#allocate("optimizer", this.values.bytes, `optimizer state ${name}`);
      states.set(name, state);
    }
    return state;
  }

  /** Forgets a parameter, and frees the buffers with the last one. */
  release(place: Place): void {
    this.#live.delete(place);
    if (this.#live.size > 0) return;
    for (const buffer of this.#buffers) buffer.dispose();
    this.staging.dispose();
  }

  #allocate(role: BufferRole, bytes: number, label: string): DeviceBuffer {
    for (const buffer of this.#buffers) if (buffer.disposed) this.#buffers.delete(buffer);
    const buffer = this.context.allocate(role, bytes, label);
    this.#buffers.add(buffer);
    return buffer;
  }
}

/** An optimizer's state of one parameter on its device, in PyTorch's order. */
export interface ParameterState {
  /** Throws if the device is disposed or lost. */
  check(where: string): void;
  read(where: string, name: string): Promise<Float32Array>;
  write(where: string, name: string, data: Float32Array): void;
}

/** An optimizer's state of a parameter on its device; `null` for a parameter that is not on a device yet. */
export function stateOnDevice(optimizer: object, parameter: Parameter): ParameterState | null {
  const place = parameter.home;
  if (!(place instanceof Place)) return null;
  const { arena } = place;
  return {
    check: (where) => arena.context.check(where),
    read: (where, name) => {
      arena.context.check(where);
      return place.readFrom(where, arena.stateOf(optimizer, name));
    },
    write: (where, name, data) => {
      arena.context.check(where);
      place.writeTo(where, arena.stateOf(optimizer, name), data);
    },
  };
}

/** Parameters of one arena that lie side by side, in elements. */
export interface ArenaRange {
  readonly arena: ParameterArena;
  readonly offset: number;
  readonly size: number;
}

/** The ranges of parameters that are on a device; none before they are placed. */
export function rangesOnDevice(parameters: readonly Parameter[]): ArenaRange[] {
  const place = parameters[0]?.home;
  return place instanceof Place ? rangesOf(place.arena.context, parameters) : [];
}

/** The fewest contiguous ranges that hold exactly these placed parameters. */
export function rangesOf(context: GpuContext, parameters: readonly Parameter[]): ArenaRange[] {
  const places = parameters.map((parameter) => ParameterArena.placeOf(context, parameter));
  const ranges: { arena: ParameterArena; offset: number; size: number }[] = [];
  for (const arena of new Set(places.map((place) => place.arena))) {
    const inArena = places.filter((place) => place.arena === arena).sort((a, b) => a.offset - b.offset);
    for (const { offset, size } of inArena) {
      const last = ranges[ranges.length - 1];
      // The gap between neighbours is padding: zero value, zero gradient.
      if (last?.arena === arena && roundUp(last.offset + last.size, ALIGNMENT) === offset) {
        last.size = offset + size - last.offset;
      } else {
        ranges.push({ arena, offset, size });
      }
    }
  }
  return ranges;
}
