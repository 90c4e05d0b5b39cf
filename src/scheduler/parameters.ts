import { DisposedError, GraphError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { StagingPool } from "../gpu/staging.ts";
import type { Parameter, ParameterHome } from "../graph/parameter.ts";
import { roundUp } from "../shape.ts";
import { STORAGE_ALIGNMENT } from "./memory.ts";

/** Elements that every parameter's place is a multiple of. */
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

  async read(): Promise<Float32Array> {
    this.arena.context.check("Parameter.read");
    const data = await this.arena.staging.read(this.arena.values, this.offset, this.size);
    return this.parameter.layout ? this.parameter.layout.unpack(data) : data;
  }

  write(data: Float32Array): void {
    this.arena.context.check("Parameter.write");
    const packed = this.parameter.layout ? this.parameter.layout.pack(data) : data;
    this.arena.context.write(this.arena.values, this.offset * 4, packed);
  }

  release(): void {
    this.arena.release(this);
  }
}

/**
 * Parameters that were placed on a device together, in one flat buffer; their gradients and each optimizer moment
 * lie in buffers of the same layout, so that an update is one dispatch.
 */
export class ParameterArena {
  readonly context: GpuContext;
  readonly values: DeviceBuffer;
  readonly staging: StagingPool;
  #live = new Set<Place>();
  #gradients: DeviceBuffer | null = null;
  #states = new Map<object, readonly DeviceBuffer[]>();

  private constructor(context: GpuContext, parameters: readonly Parameter[]) {
    let elements = 0;
    const offsets = parameters.map((parameter) => {
      const offset = elements;
      elements = roundUp(elements + parameter.elements, ALIGNMENT);
      return offset;
    });
    this.context = context;
    this.staging = new StagingPool(context, "parameters");
    this.values = context.allocate("parameter", elements * 4, "parameters");
    for (const [i, parameter] of parameters.entries()) {
      const place = new Place(parameter, this, offsets[i]!);
      this.#live.add(place);
      parameter.moveTo(place);
    }
  }

  /** Places the parameters that are not on a device yet. */
  static place(context: GpuContext, parameters: Iterable<Parameter>): void {
    const all = [...new Set(parameters)];
    // Before anything is allocated: what cannot be placed here.
    for (const parameter of all) {
      if (parameter.disposed)
        throw new DisposedError("device.compile: the model was disposed; build a new one");
      if (parameter.home) ParameterArena.placeOf(context, parameter);
    }
    const homeless = all.filter((parameter) => !parameter.home);
    if (homeless.length > 0) new ParameterArena(context, homeless);
  }

  /** Where a placed parameter lies. */
  static placeOf(context: GpuContext, parameter: Parameter): Place {
    const place = parameter.home;
    if (!(place instanceof Place) || place.arena.context !== context) {
      throw new GraphError(
        "device.compile: a parameter of this model lives on another device; build a second model and load the first one's " +
          "state dict",
      );
    }
    return place;
  }

  /** Gradients of all parameters, made when first asked for. */
  get gradients(): DeviceBuffer {
    this.#gradients ??= this.context.allocate("gradient", this.values.bytes, "gradients");
    return this.#gradients;
  }

  /** An optimizer's moments for these parameters, zero at first, shared by all programs that use the optimizer. */
  stateOf(optimizer: object, count: number): readonly DeviceBuffer[] {
    let state = this.#states.get(optimizer);
    if (!state) {
      state = Array.from({ length: count }, (_, i) =>
        this.context.allocate("optimizer", this.values.bytes, `optimizer state ${i}`),
      );
      this.#states.set(optimizer, state);
    }
    return state;
  }

  /** Forgets a parameter; with the last one the buffers go. */
  release(place: Place): void {
    this.#live.delete(place);
    if (this.#live.size > 0) return;
    this.values.dispose();
    this.#gradients?.dispose();
    for (const state of this.#states.values()) for (const buffer of state) buffer.dispose();
    this.staging.dispose();
  }
}

/** Parameters of one arena that lie side by side, in elements. */
export interface ArenaRange {
  readonly arena: ParameterArena;
  readonly offset: number;
  readonly size: number;
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
