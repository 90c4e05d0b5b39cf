/** PyTorch's CrossEntropyLoss of class indices in float64, for reference. */

interface Rows {
  /** [rows][classes] */
  readonly logits: Float64Array;
  /** [rows] */
  readonly target: readonly number[];
  /** [classes] */
  readonly weight: readonly number[];
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
}

/** The mean, weighted by the targets' classes. */
export function crossEntropyMean({ logits, target, weight, ignoreIndex, labelSmoothing }: Rows): number {
  const classes = weight.length;
  let sum = 0;
  let total = 0;
  for (const [row, t] of target.entries()) {
    if (t === ignoreIndex) continue;
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const largest = Math.max(...scores);
    const logSum = largest + Math.log(scores.reduce((s, score) => s + Math.exp(score - largest), 0));
    const spread = scores.reduce((s, score, c) => s + weight[c]! * (logSum - score), 0) / classes;
    sum += (1 - labelSmoothing) * weight[t]! * (logSum - scores[t]!) + labelSmoothing * spread;
    total += weight[t]!;
  }
  return sum / total;
}
