/** The vectors of LBFGS on the GPU. The file loads on demand and imports types alone of what does not. */
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { BufferCopy, GpuContext } from "../gpu/context.ts";
import type { BindGroups, Kernel } from "../gpu/kernel.ts";
import type { Grids } from "../ops/grid.ts";
import type { lbfgsKernels } from "../ops/update/lbfgs-kernels.ts";
import type { ArenaRange } from "./parameters.ts";

/** Elements of a workgroup, and the most workgroups of a range, where vectors are added up. */
const GROUP_ELEMENTS = 256;
const MOST_GROUPS = 256;

/** Bytes between uniform structs. */
const STRUCT_BYTES = 256;

/** Numbers of a workgroup of lbfgs_measure. */
const MEASURES = 6;

/** A difference of gradients and the step it belongs to, in buffers with this number, and 1 / (y·s). */
export interface Pair {
  readonly slot: number;
  readonly ro: number;
}

/** What LBFGS decides by: y is the gradient less that of the iterate before, d the direction from there. */
export interface Measures {
  readonly slope: number;
  readonly sum: number;
  readonly yd: number;
  readonly yy: number;
  readonly largest: number;
  readonly largestStep: number;
}

/** What a file that loads on demand does not import. */
export interface VectorTools {
  readonly kernels: ReturnType<typeof lbfgsKernels>;
  readonly Groups: typeof BindGroups;
  readonly linearGrid: Grids["linearGrid"];
}

/** A dispatch over each range; a name is a buffer of the optimizer's state, or "value". */
interface Job {
  readonly kernel: Kernel;
  readonly bindings: Readonly<Record<string, string | DeviceBuffer>>;
  readonly params: Readonly<Record<string, number>>;
  /** Whether workgroups add up, or have an element for each invocation. */
  readonly folds: boolean;
}

/**
 * Vectors with an element for each of the optimizer's parameters, laid out as these are: `flat_grad`, `prev_flat_grad`, `d`, `origin`,
 * `kept.0` and on, and `old_dirs.0`, `old_stps.0` and on. Its own buffers live until {@link dispose}.
 */
export class LbfgsVectors {
  readonly #tools: VectorTools;
  readonly #optimizer: object;
  readonly #ranges: readonly ArenaRange[];
  readonly #context: GpuContext;
  readonly #groups: readonly number[];
  readonly #partials: number;
  readonly #sums: readonly [DeviceBuffer, DeviceBuffer];
  #bindGroups: BindGroups;
  #uniforms: DeviceBuffer | null = null;
  #alpha: DeviceBuffer;

  constructor(tools: VectorTools, optimizer: object, ranges: readonly ArenaRange[]) {
    this.#tools = tools;
    this.#optimizer = optimizer;
    this.#ranges = ranges;
    this.#context = ranges[0]!.arena.context;
    const most = Math.min(MOST_GROUPS, this.#context.limits.maxGrid);
    this.#groups = ranges.map(({ size }) => Math.min(most, Math.ceil(size / GROUP_ELEMENTS)));
    this.#partials = this.#groups.reduce((a, b) => a + b);
    const sums = () => this.#allocate(this.#partials * MEASURES * 4, "sums of LBFGS");
    this.#sums = [sums(), sums()];
    this.#alpha = this.#allocate(64, "factors of LBFGS");
    this.#bindGroups = new tools.Groups();
  }

  /** Compiles the kernels. */
  ready(): Promise<void> {
    return this.#context.kernels.compile(Object.values(this.#tools.kernels));
  }

  /** Measures the gradient of the latest evaluation, and copies it to `keptIn`. */
  async measure(keptIn?: string): Promise<Measures> {
    const bindings = { g: "flat_grad", before: "prev_flat_grad", d: "d", partial: this.#sums[0] };
    this.#submit([{ kernel: this.#tools.kernels.measure, bindings, params: {}, folds: true }]);
    if (keptIn) this.copy("flat_grad", keptIn);
    const values = await this.#read(this.#sums[0], MEASURES);
    const columns = Array.from({ length: MEASURES }, (_, k) => values.filter((_, i) => i % MEASURES === k));
    const [slope, sum, yd, yy] = columns.map((column) => column.reduce((a, b) => a + b, 0)) as [
      number,
      number,
      number,
      number,
    ];
    const [largest, largestStep] = columns.slice(4).map((column) => Math.max(...column)) as [number, number];
    return { slope, sum, yd, yy, largest, largestStep };
  }

  /** Stores the newest pair: what the gradient has changed by since the iterate before, `t` times the direction away. */
  store(slot: number, t: number): void {
    const bindings = {
      g: "flat_grad",
      before: "prev_flat_grad",
      d: "d",
      y: `old_dirs.${slot}`,
      s: `old_stps.${slot}`,
    };
    this.#submit([{ kernel: this.#tools.kernels.pair, bindings, params: { t }, folds: false }]);
  }

  /** Computes the direction, and gives its product with the gradient. */
  async direct(pairs: readonly Pair[], scale: number): Promise<number> {
    if (this.#alpha.bytes < pairs.length * 4) {
      this.#alpha.dispose();
      this.#alpha = this.#allocate(pairs.length * 8, "factors of LBFGS");
      this.#bindGroups = new this.#tools.Groups();
    }
    const y = (i: number) => `old_dirs.${pairs[i]!.slot}`;
    const s = (i: number) => `old_stps.${pairs[i]!.slot}`;
    const last = pairs.length - 1;
    const jobs: Job[] = [];
    const add = (stage: number, index: number, a: string, b: string, factor: number) => {
      const [partialIn, partialOut] = jobs.length % 2 === 0 ? this.#sums : [this.#sums[1], this.#sums[0]];
      jobs.push({
        kernel: this.#tools.kernels.direction,
        bindings: { partialIn, a, b, partialOut, alpha: this.#alpha, d: "d" },
        params: { partials: this.#partials, stage, index, ro: pairs[index]?.ro ?? 0, scale: factor },
        folds: true,
      });
    };
    add(0, 0, "flat_grad", last < 0 ? "flat_grad" : s(last), last < 0 ? scale : 1);
    for (let i = last; i >= 0; i--) add(1, i, y(i), i > 0 ? s(i - 1) : y(0), i > 0 ? 1 : scale);
    for (let i = 0; i <= last; i++) add(2, i, s(i), i < last ? y(i + 1) : "flat_grad", 1);
    this.#submit(jobs);
    const products = await this.#read(this.#sums[jobs.length % 2]!, 1);
    return products.reduce((a, b) => a + b, 0);
  }

  /** Moves the parameters to `t` times the direction away from the origin. */
  move(t: number): void {
    const bindings = { origin: "origin", d: "d", value: "value" };
    this.#submit([{ kernel: this.#tools.kernels.move, bindings, params: { t }, folds: false }]);
  }

  /** Copies one vector to another. */
  copy(from: string, to: string): void {
    this.#context.copy(
      this.#ranges.map((range): BufferCopy => {
        const [offset, bytes] = [range.offset * 4, range.size * 4];
        const [source, target] = [this.#buffer(range, from), this.#buffer(range, to)];
        return { source, sourceOffset: offset, target, targetOffset: offset, bytes };
      }),
    );
  }

  dispose(): void {
    for (const buffer of [...this.#sums, this.#alpha, this.#uniforms]) buffer?.dispose();
  }

  #allocate(bytes: number, label: string): DeviceBuffer {
    return this.#context.allocate("optimizer", bytes, label);
  }

  #buffer({ arena }: ArenaRange, name: string): DeviceBuffer {
    return name === "value" ? arena.values : arena.stateOf(this.#optimizer, name);
  }

  #read(sums: DeviceBuffer, numbers: number): Promise<Float32Array> {
    return this.#ranges[0]!.arena.staging.read(sums, 0, this.#partials * numbers);
  }

  /** Runs these jobs one after the other. */
  #submit(jobs: readonly Job[]): void {
    const bytes = jobs.length * this.#ranges.length * STRUCT_BYTES;
    if (!this.#uniforms || this.#uniforms.bytes < bytes) {
      this.#uniforms?.dispose();
      this.#uniforms = this.#context.allocateUniforms(2 * bytes, "scalars of LBFGS");
      this.#bindGroups = new this.#tools.Groups();
    }
    const uniforms = this.#uniforms;
    const structs = new DataView(new ArrayBuffer(bytes));
    const prepared = jobs.flatMap(({ kernel, bindings, params, folds }, j) => {
      let first = 0;
      return this.#ranges.map((range, r) => {
        const at = (j * this.#ranges.length + r) * STRUCT_BYTES;
        const groups = this.#groups[r]!;
        const { offset, size } = range;
        kernel.packParams({ offset, size, first, groups, ...params }, structs, at);
        first += groups;
        const storage = Object.keys(kernel.declaration.bindings).map((name) => {
          const bound = bindings[name]!;
          const buffer = typeof bound === "string" ? this.#buffer(range, bound) : bound;
          return { buffer, offset: 0, bytes: buffer.bytes };
        });
        // A workgroup takes every so many elements, so the grid of as many workgroups is that of 64 elements each.
        const grid = this.#tools.linearGrid(folds ? groups * 64 : size, this.#context.limits);
        return this.#context.kernels.prepare(kernel, uniforms, at, storage, grid, this.#bindGroups);
      });
    });
    this.#context.write(uniforms, 0, structs);
    this.#context.submit(prepared);
  }
}
