/** Linear algebra on small symmetric matrices, as rows. A hundred trials make one of 100 by 100: a library would bring more than is used. */

export type Matrix = readonly Float64Array[];

/**
 * The lower triangle L with L Lᵀ = A.
 * @returns `null` unless A is positive definite
 */
export function cholesky(a: Matrix): Matrix | null {
  const rows = a.map((row) => Float64Array.from(row));
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j <= i; j++) {
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * rows[j]![k]!;
      if (i !== j) row[j] = sum / rows[j]![j]!;
      else if (sum > 0) row[i] = Math.sqrt(sum);
      else return null;
    }
    row.fill(0, i + 1);
  }
  return rows;
}

/** The x with L x = b. */
export function solveLower(l: Matrix, b: Float64Array): Float64Array {
  const x = Float64Array.from(b);
  for (const [i, row] of l.entries()) {
    for (let k = 0; k < i; k++) x[i]! -= row[k]! * x[k]!;
    x[i]! /= row[i]!;
  }
  return x;
}

/** The x with Lᵀ x = b. */
export function solveUpper(l: Matrix, b: Float64Array): Float64Array {
  const x = Float64Array.from(b);
  for (let i = l.length - 1; i >= 0; i--) {
    x[i]! /= l[i]![i]!;
    for (let k = 0; k < i; k++) x[k]! -= l[i]![k]! * x[i]!;
  }
  return x;
}

/** (L Lᵀ)⁻¹. */
export function inverse(l: Matrix): Matrix {
  return l.map((_, i) => {
    const unit = new Float64Array(l.length);
    unit[i] = 1;
    return solveUpper(l, solveLower(l, unit));
  });
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
