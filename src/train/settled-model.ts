import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import { StagingPool } from "../gpu/staging.ts";
import { Buffer, type Parameter } from "../graph/parameter.ts";
import type { Module } from "../nn/module.ts";
import { ParameterArena } from "../plan/parameters.ts";
import type { NDArray } from "../shape.ts";

/**
 * A model as after the last update, while runs whose gradients are added up wait for the next one. Such runs leave the parameters as they are
 * and change buffers, such as running statistics; a run that goes on from a checkpoint has them again.
 */
export class SettledModel {
  readonly #context: GpuContext;
  readonly #model: Module;
  readonly #copies = new Map<Buffer, DeviceBuffer>();
  readonly #staging: StagingPool;

  constructor(context: GpuContext, model: Module) {
    this.#context = context;
    this.#model = model;
    this.#staging = new StagingPool(context, "buffers before an update");
    context.freeWith(this, this.#copies);
  }

  /** Copies what runs change, on the device: the first of an update's runs is about to start. */
  begin(): void {
    const changed = this.#model.buffers().filter(({ isChanged }) => isChanged);
    const copies = changed.map((buffer) => {
      const { arena, offset, size } = ParameterArena.placeOf(this.#context, buffer);
      const bytes = 4 * size;
      const label = "buffer before an update";
      const target = this.#copies.get(buffer) ?? this.#context.allocate("parameter", bytes, label);
      this.#copies.set(buffer, target);
      return { source: arena.values, sourceOffset: 4 * offset, target, targetOffset: 0, bytes };
    });
    if (copies.length > 0) this.#context.copy(copies);
  }

  /** Reads a parameter's or a buffer's value. */
  async read(value: Parameter): Promise<NDArray> {
    const copy = value instanceof Buffer ? this.#copies.get(value) : undefined;
    if (!copy) return value.read();
    return { data: await this.#staging.read(copy, 0, value.elements), shape: value.shape };
  }

  async stateDict(): Promise<Map<string, NDArray>> {
    const buffers = [...this.#model.namedBuffers()].filter(([, buffer]) => this.#copies.has(buffer));
    const reads = buffers.map(async ([name, buffer]) => [name, await this.read(buffer)] as const);
    const [state, ...settled] = await Promise.all([this.#model.stateDict(), ...reads]);
    for (const [name, value] of settled) if (state.has(name)) state.set(name, value);
    return state;
  }

  dispose(): void {
    for (const copy of this.#copies.values()) copy.dispose();
    this.#copies.clear();
    this.#staging.dispose();
  }
}
