/** Variants of recurrent cells that no kernel computes, step by step in ops: a GRU that resets before its product, and LSTM peepholes. */
import type { Tensor } from "../../../graph/tensor.ts";
import { gate, type Step, unroll } from "../../unroll.ts";
import type { Call } from "../call.ts";
import type { Value } from "../value.ts";

/** One direction's operands. */
export interface Direction {
  /** [T, N, I] */
  readonly x: Tensor;
  /** [gates·H, I], [gates·H, H] */
  readonly w: Tensor;
  readonly r: Tensor;
  /** [gates·H] each. */
  readonly wb: Tensor | null;
  readonly rb: Tensor | null;
  /** [N, H] */
  readonly h0: Tensor;
  readonly c0: Tensor | null;
  readonly reverse: boolean;
  readonly hiddenSize: number;
}

/** Runs a step over time. */
function run(call: Call, { x, w, wb, h0, c0, reverse }: Direction, step: Step) {
  const product = x.matmul(w.transpose(0, 1));
  const input = wb ? product.add(wb) : product;
  return unroll(input, { h: h0, c: c0 }, reverse, step, (what) => call.refuse(what));
}

/** A GRU with linear_before_reset 0: n = tanh(W_n·x + b_n + R_n·(r∘h) + d_n), h' = (1 - z)∘n + z∘h. */
export function resetFirst(call: Call, direction: Direction) {
  const { r, rb, hiddenSize: H } = direction;
  const gates = r.slice(0, 0, 2 * H).transpose(0, 1);
  const candidate = r.slice(0, 2 * H).transpose(0, 1);
  const withBias = (product: Tensor, from: number, to: number) => {
    return rb ? product.add(rb.slice(0, from * H, to * H)) : product;
  };
  return run(call, direction, (input, { h }) => {
    const both = input
      .slice(1, 0, 2 * H)
      .add(withBias(h.matmul(gates), 0, 2))
      .sigmoid();
    const [z, reset] = [gate(both, 0, H), gate(both, 1, H)];
    const n = gate(input, 2, H)
      .add(withBias(reset.mul(h).matmul(candidate), 2, 3))
      .tanh();
    return { h: n.add(z.mul(h.sub(n))), c: null };
  });
}

/** An LSTM whose gates see the cell state: P has the weights of i, o and f, [3·H]. */
export function peeping(call: Call, direction: Direction, peepholes: Value) {
  const { r, rb, hiddenSize: H } = direction;
  const recurrent = r.transpose(0, 1);
  const p = call.toTensor(peepholes);
  const [pi, po, pf] = [0, 1, 2].map((index) => gate(p, index, H)) as [Tensor, Tensor, Tensor];
  return run(call, direction, (input, { h, c }) => {
    const all = input.add(h.matmul(recurrent));
    const sums = rb ? all.add(rb) : all;
    const i = gate(sums, 0, H).add(pi.mul(c!)).sigmoid();
    const f = gate(sums, 2, H).add(pf.mul(c!)).sigmoid();
    const next = f.mul(c!).add(i.mul(gate(sums, 3, H).tanh()));
    const o = gate(sums, 1, H).add(po.mul(next)).sigmoid();
    return { h: o.mul(next.tanh()), c: next };
  });
}
