/** Ridge regression by the normal equations, in float64. */

/** A matrix `[rows, columns]`, row by row. */
interface Matrix {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** y ≈ bias + x·weights. Plain numbers, so that a worker can send it. */
export interface Linear {
  /** `[inputs, outputs]` */
  readonly weights: Float64Array;
  /** `[outputs]` */
  readonly bias: Float64Array;
}

/** A regression of `y` on `x`, which can be solved for several penalties. */
export class Ridge {
  readonly #rows: number;
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #meanX: Float64Array;
  readonly #meanY: Float64Array;
  /** XᵀX and XᵀY of the values less their means. */
  readonly #gram: Float64Array;
  readonly #cross: Float64Array;

  /** @param x `[rows, inputs]`; @param y `[rows, outputs]` */
  constructor(x: Matrix, y: Matrix) {
    const [rows, inputs] = x.shape as [number, number];
    const outputs = y.shape[1]!;
    if (y.shape[0] !== rows) throw new Error(`Ridge: x has ${rows} rows, y has ${y.shape[0]}`);
    this.#rows = rows;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#meanX = columnMeans(x);
    this.#meanY = columnMeans(y);
    this.#gram = new Float64Array(inputs * inputs);
    this.#cross = new Float64Array(inputs * outputs);
    const row = new Float64Array(inputs);
    const target = new Float64Array(outputs);
    for (let n = 0; n < rows; n++) {
      for (let i = 0; i < inputs; i++) row[i] = x.data[n * inputs + i]! - this.#meanX[i]!;
      for (let k = 0; k < outputs; k++) target[k] = y.data[n * outputs + k]! - this.#meanY[k]!;
      for (let i = 0; i < inputs; i++) {
        const value = row[i]!;
        for (let j = 0; j <= i; j++) this.#gram[i * inputs + j]! += value * row[j]!;
        for (let k = 0; k < outputs; k++) this.#cross[i * outputs + k]! += value * target[k]!;
      }
    }
  }

  /**
   * Minimizes the mean of (y − bias − x·w)², plus `penalty` · ‖w‖².
   * @param penalty Above 0; a small one where columns depend on each other
   */
  solve(penalty: number): Linear {
    const weights = this.#cross.slice();
    const lower = this.#gram.slice();
    for (let i = 0; i < this.#inputs; i++) lower[i * this.#inputs + i]! += penalty * this.#rows;
    factor(lower, this.#inputs);
    substitute(lower, weights, this.#inputs, this.#outputs);
    const bias = this.#meanY.map((mean, k) => {
      let sum = mean;
      for (let i = 0; i < this.#inputs; i++) sum -= this.#meanX[i]! * weights[i * this.#outputs + k]!;
      return sum;
    });
    return { weights, bias };
  }
}

/** bias + x·weights, `[rows, outputs]`. @param x `[rows, inputs]` */
export function applyLinear({ weights, bias }: Linear, x: ArrayLike<number>): Float64Array {
  const outputs = bias.length;
  const inputs = weights.length / outputs;
  const y = new Float64Array((x.length / inputs) * outputs);
  for (let n = 0; n * inputs < x.length; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = bias[k]!;
      for (let i = 0; i < inputs; i++) sum += x[n * inputs + i]! * weights[i * outputs + k]!;
      y[n * outputs + k] = sum;
    }
  }
  return y;
}

function columnMeans({ data, shape }: Matrix): Float64Array {
  const [rows, columns] = shape as [number, number];
  const means = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) means[i % columns]! += data[i]! / rows;
  return means;
}

/** Replaces the lower triangle of a positive definite matrix by its Cholesky factor L: A = L·Lᵀ. */
function factor(a: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(sum) : sum / a[j * size + j]!;
    }
  }
}

/** Solves L·Lᵀ·x = b in place, for every column of b `[size, columns]`. */
function substitute(lower: Float64Array, b: Float64Array, size: number, columns: number): void {
  for (let k = 0; k < columns; k++) {
    for (let i = 0; i < size; i++) {
      let sum = b[i * columns + k]!;
      for (let j = 0; j < i; j++) sum -= lower[i * size + j]! * b[j * columns + k]!;
      b[i * columns + k] = sum / lower[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = b[i * columns + k]!;
      for (let j = i + 1; j < size; j++) sum -= lower[j * size + i]! * b[j * columns + k]!;
      b[i * columns + k] = sum / lower[i * size + i]!;
    }
  }
}
