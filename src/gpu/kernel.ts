import { GpuError, WebGpuLstmError } from "../errors.ts";
import { loadAll, type OnDemand } from "../ondemand.ts";
import type { DeviceBuffer } from "./buffer.ts";
import { COMPUTE_STAGE } from "./flags.ts";
import { inScopes } from "./scopes.ts";
import { unroll } from "./unroll.ts";

/** Type of one 4-byte member of a kernel's uniform struct. */
export type ParamType = "u32" | "f32";

/** How a kernel uses a storage buffer. */
export type BufferAccess = "read" | "read_write";

/** What a kernel is, beside its WGSL: the host's half of the binding contract. A test holds it against the shader. */
export interface KernelDeclaration<P extends string, B extends string> {
  /** File name without `.wgsl`, and entry point. */
  readonly name: string;
  /** The chunk that holds the file's text and those of `uses`. */
  readonly texts: OnDemand<Readonly<Record<string, string>>>;
  /** Names of the library files that are added to the file; after it, since `enable` has to come first. */
  readonly uses?: readonly string[];
  /** `@workgroup_size`. */
  readonly workgroup: readonly [x: number, y: number, z: number];
  /** Members of the uniform struct at binding 0, in order. */
  readonly params: Readonly<Record<P, ParamType>>;
  /** Storage buffers at bindings 1, 2, …, in order. */
  readonly bindings: Readonly<Record<B, BufferAccess>>;
  /** Values of `const NAME = …u;` lines of the file, where not those it has. */
  readonly constants?: Readonly<Record<string, number>>;
  /** A binding that is read in half precision, and what rewrites the text for it: see half-text.ts. */
  readonly halves?: { readonly binding: string; readonly rewrite: (code: string, binding: string) => string };
}

/** A compute kernel: one WGSL file, one entry point. Compiled for a device when a program first uses it. */
export class Kernel<P extends string = string, B extends string = string> {
  readonly name: string;
  readonly declaration: KernelDeclaration<P, B>;
  #variants = new Map<string, Kernel<P, B>>();

  constructor(declaration: KernelDeclaration<P, B>) {
    this.name = declaration.name;
    this.declaration = declaration;
  }

  /**
   * The shader's text: the file, then its library files, with the constants set and the marked loops written out. The declaration's
   * `texts` must be loaded.
   */
  get code(): string {
    const { texts, uses = [], constants = {}, halves } = this.declaration;
    const files = [this.name, ...uses].map((file) => texts.module[file]);
    if (files.includes(undefined)) {
      const known = Object.keys(texts.module).join(", ");
      throw new WebGpuLstmError(`kernel ${this.name} uses ${uses.join(", ")}; its chunk has ${known}`);
    }
    let code = files.join("\n");
    for (const [name, value] of Object.entries(constants)) {
      const line = new RegExp(`^const ${name} = \\d+u;$`, "m");
      if (!line.test(code))
        throw new WebGpuLstmError(`kernel ${this.name} has no line "const ${name} = …u;"`);
      code = code.replace(line, `const ${name} = ${value}u;`);
    }
    return unroll(halves ? halves.rewrite(code, halves.binding) : code);
  }

  /** This kernel with other values in its `const` lines: the same object for the same values. */
  with(constants: Readonly<Record<string, number>>): Kernel<P, B> {
    const key = JSON.stringify(constants);
    let variant = this.#variants.get(key);
    if (!variant) {
      variant = new Kernel({ ...this.declaration, constants });
      this.#variants.set(key, variant);
    }
    return variant;
  }

  /** Bytes of the uniform struct. */
  get paramBytes(): number {
    return Object.keys(this.declaration.params).length * 4;
  }

  /** Writes the uniform struct at `offset` bytes into `target`. */
  packParams(values: Readonly<Record<P, number>>, target: DataView, offset: number): void {
    let at = offset;
    for (const name in this.declaration.params) {
      const value = values[name];
      if (this.declaration.params[name] === "f32") target.setFloat32(at, value, true);
      else target.setUint32(at, value, true);
      at += 4;
    }
  }
}

/** A part of a buffer, in bytes. */
export interface BufferRange {
  readonly buffer: DeviceBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** One dispatch with everything it needs already made: what a program replays. */
export interface PreparedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Dynamic offset of the uniform struct, in bytes. */
  readonly paramOffset: [number];
  readonly grid: readonly [x: number, y: number, z: number];
}

/** Bind groups of one program, by kernel and buffers: dispatches that differ only in their uniforms share one. */
export class BindGroups extends Map<string, GPUBindGroup> {}

/** Dynamic offsets of uniform buffers are multiples of this in every implementation's default limits. */
export const UNIFORM_ALIGNMENT = 256;

interface Compiled {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** Takes care of what the GPU refuses of the objects made in it. */
interface Faults {
  scoped<T>(what: string, make: () => T): T;
}

/** For a cache without a device of this library. */
const NOBODY: Faults = { scoped: (_, make) => make() };

/**
 * The only place that makes shader modules, pipelines and bind groups. Pipelines are kept by kernel for the life of
 * the device.
 */
export class KernelCache {
  #device: GPUDevice;
  #faults: Faults;
  #layouts = new Map<Kernel, { layout: GPUBindGroupLayout; descriptor: GPUComputePipelineDescriptor }>();
  #compiled = new Map<Kernel, Compiled>();
  #compiling = new Map<Kernel, Promise<void>>();

  constructor(device: GPUDevice, faults = NOBODY) {
    this.#device = device;
    this.#faults = faults;
  }

  /** Compiles the kernels that are not compiled yet, in parallel. */
  async compile(kernels: Iterable<Kernel>): Promise<void> {
    const wanted = [...new Set(kernels)];
    await loadAll(wanted.map(({ declaration }) => declaration.texts));
    await Promise.all(wanted.map((kernel) => this.#compileAsync(kernel)));
  }

  #compileAsync(kernel: Kernel): Promise<void> {
    if (this.#compiled.has(kernel)) return Promise.resolve();
    const running = this.#compiling.get(kernel);
    if (running) return running;
    const [{ layout, descriptor }, answer] = inScopes(this.#device, () => this.#describe(kernel));
    const promise = this.#device
      .createComputePipelineAsync(descriptor)
      .then((pipeline) => {
        this.#compiled.set(kernel, { layout, pipeline });
      })
      .catch(async (cause: unknown) => {
        this.#layouts.delete(kernel);
        const { message } = (await answer) ?? (cause as Error);
        throw new GpuError(
          `kernel ${kernel.name} was refused by this GPU's driver: ${message}; please report it with the adapter's name`,
          { cause },
        );
      })
      .finally(() => this.#compiling.delete(kernel));
    this.#compiling.set(kernel, promise);
    return promise;
  }

  #get(kernel: Kernel): Compiled {
    let compiled = this.#compiled.get(kernel);
    if (!compiled) {
      // A new batch size can meet a kernel that compile() did not see; it is compiled on the spot.
      compiled = this.#faults.scoped(`kernel ${kernel.name}`, () => {
        const { layout, descriptor } = this.#describe(kernel);
        return { layout, pipeline: this.#device.createComputePipeline(descriptor) };
      });
      this.#compiled.set(kernel, compiled);
    }
    return compiled;
  }

  #describe(kernel: Kernel) {
    let known = this.#layouts.get(kernel);
    if (!known) {
      const uniform: GPUBindGroupLayoutEntry = {
        binding: 0,
        visibility: COMPUTE_STAGE,
        buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: kernel.paramBytes },
      };
      const storage = Object.values(kernel.declaration.bindings).map(
        (access, index): GPUBindGroupLayoutEntry => ({
          binding: index + 1,
          visibility: COMPUTE_STAGE,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" },
        }),
      );
      const layout = this.#device.createBindGroupLayout({
        label: kernel.name,
        entries: [uniform, ...storage],
      });
      const module = this.#device.createShaderModule({ label: kernel.name, code: kernel.code });
      known = {
        layout,
        descriptor: {
          label: kernel.name,
          layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint: kernel.name },
        },
      };
      this.#layouts.set(kernel, known);
    }
    return known;
  }

  /** Makes one dispatch ready to replay; its uniform struct lies at `paramOffset` in `params`. */
  prepare(
    kernel: Kernel,
    params: DeviceBuffer,
    paramOffset: number,
    storage: readonly BufferRange[],
    grid: readonly [number, number, number],
    groups: BindGroups,
  ): PreparedDispatch {
    const { layout, pipeline } = this.#get(kernel);
    const key = `${kernel.name} ${storage.map((r) => `${idOf(r.buffer)}:${r.offset}:${r.bytes}`).join(" ")}`;
    let bindGroup = groups.get(key);
    if (!bindGroup) {
      const entries = [
        { binding: 0, resource: { buffer: params.gpu, offset: 0, size: kernel.paramBytes } },
        ...storage.map(({ buffer, offset, bytes }, index) => ({
          binding: index + 1,
          resource: { buffer: buffer.gpu, offset, size: bytes },
        })),
      ];
      bindGroup = this.#faults.scoped(`the operands of kernel ${kernel.name}`, () =>
        this.#device.createBindGroup({ label: kernel.name, layout, entries }),
      );
      groups.set(key, bindGroup);
    }
    return { pipeline, bindGroup, paramOffset: [paramOffset], grid };
  }
}

const ids = new WeakMap<DeviceBuffer, number>();
let nextId = 0;

function idOf(buffer: DeviceBuffer): number {
  let id = ids.get(buffer);
  if (id === undefined) {
    id = nextId++;
    ids.set(buffer, id);
  }
  return id;
}
