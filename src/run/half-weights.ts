/** Loads on demand with halves.ts, and imports types alone. */
import type { BufferRange } from "../gpu/kernel.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Dispatch } from "../ops/op.ts";

/** The weights that a program reads in half precision. */
export class HalfWeights {
  /** The program's dispatches. */
  readonly dispatches: readonly Dispatch[];
  readonly parameters: readonly Parameter[];
  /** Where their halves lie. */
  readonly placed = new Map<Tensor, BufferRange>();
  readonly #halve: (stale: readonly Parameter[]) => void;

  /** @param halve Makes halves of the parameters' values. */
  constructor(
    dispatches: readonly Dispatch[],
    halves: ReadonlyMap<Parameter, Tensor>,
    halve: (stale: readonly Parameter[]) => void,
  ) {
    this.dispatches = dispatches;
    this.parameters = [...halves.keys()];
    for (const [parameter, half] of halves) {
      const { buffer } = parameter.half!;
      this.placed.set(half, { buffer, offset: 0, bytes: buffer.bytes });
    }
    this.#halve = halve;
  }

  /** Bytes of the halves. */
  get bytes(): number {
    return [...this.placed.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Follows what has changed the parameters, in queue order. */
  refresh(): void {
    const stale = this.parameters.filter(({ half, revision }) => half!.revision !== revision);
    if (stale.length > 0) this.#halve(stale);
  }
}
