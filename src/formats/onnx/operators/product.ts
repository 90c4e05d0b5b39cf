/** Matrix products. */
import { apply, type Tensor } from "../../../graph/tensor.ts";
import { linear } from "../../../ops/layer/linear.ts";
import type { Call, Operator } from "../call.ts";

const matmul: Operator = (call) => [call.device(call.value(0).dtype, call.tensor(0).matmul(call.tensor(1)))];

/** alpha·A·B + beta·C, where A and B may be transposed. */
const gemm: Operator = (call) => {
  const a = call.int("transA", 0) ? call.tensor(0).transpose(0, 1) : call.tensor(0);
  const transposed = call.int("transB", 0) !== 0;
  const b = call.tensor(1);
  if (a.shape.length !== 2 || b.shape.length !== 2) throw call.refuse("A and B must be matrices");
  const [alpha, beta] = [call.float("alpha", 1), call.float("beta", 1)];
  const c = call.optional(2) ? scaled(call.tensor(2), beta) : null;
  const { dtype } = call.value(0);
  const columns = b.shape[transposed ? 0 : 1];
  const isBias = c === null || (c.shape.length === 1 && c.shape[0] === columns);
  if (transposed && isBias && alpha === 1) {
    checkDepth(call, a, b.shape[1]!);
    return [call.device(dtype, apply("Gemm", linear, [a, b, c], undefined)[0]!)];
  }
  const product = scaled(a.matmul(transposed ? b.transpose(0, 1) : b), alpha);
  return [call.device(dtype, c ? product.add(c) : product)];
};

function checkDepth(call: Call, a: Tensor, depth: number): void {
  if (a.shape[1] === depth) return;
  throw call.refuse(`A has ${a.shape[1]} columns, and B takes ${depth}`);
}

function scaled(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : x.mul(factor);
}

export const products: Readonly<Record<string, Operator>> = { MatMul: matmul, Gemm: gemm };
