/** The better trials where there are several directions: by rank of dominance, and within a rank by the hypervolume that they cover. */
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Direction } from "../operations.ts";
import { dominates, losses } from "../pareto.ts";

type Point = readonly number[];

/** Orders trials so that the `count` best ones come first. */
export function betterHalf(
  trials: readonly FrozenTrial[],
  directions: readonly Direction[],
  count: number,
): readonly FrozenTrial[] {
  const points = trials.map((trial) => losses(trial, directions));
  const chosen: number[] = [];
  let rest = points.map((_, i) => i);
  while (chosen.length < count) {
    const front = rest.filter((i) => !rest.some((j) => dominates(points[j]!, points[i]!)));
    const room = count - chosen.length;
    chosen.push(...(front.length <= room ? front : mostVolume(points, front, room)));
    const isChosen = new Set(front);
    rest = rest.filter((i) => !isChosen.has(i));
  }
  const isBelow = new Set(chosen);
  return [...trials.filter((_, i) => isBelow.has(i)), ...trials.filter((_, i) => !isBelow.has(i))];
}

/** Chooses points one after the other, each time the one that adds most to the hypervolume below the reference point. */
function mostVolume(points: readonly Point[], front: readonly number[], count: number): readonly number[] {
  // As Optuna, in the order of the points' coordinates, each point once; its copies fill up what is left.
  const order = [...front].sort((a, b) => compare(points[a]!, points[b]!) || a - b);
  const unique = order.filter((i, at) => at === 0 || compare(points[i]!, points[order[at - 1]!]!) !== 0);
  if (unique.length < count) {
    const isUnique = new Set(unique);
    const copies = front.filter((i) => !isUnique.has(i)).slice(0, count - unique.length);
    return [...unique, ...copies];
  }
  const reference = points[0]!.map((_, axis) => {
    const worst = Math.max(...front.map((i) => points[i]![axis]!));
    return Math.max(1.1 * worst, 0.9 * worst) || 1e-12;
  });
  if (unique.length === count || !reference.every(Number.isFinite)) return unique.slice(0, count);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const before = hypervolume(
      chosen.map((i) => points[i]!),
      reference,
    );
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (const i of unique) {
      if (chosen.includes(i)) continue;
      const added =
        hypervolume(
          [...chosen, i].map((j) => points[j]!),
          reference,
        ) - before;
      if (added > most) [best, most] = [i, added];
    }
    chosen.push(best);
  }
  return chosen;
}

function compare(a: Point, b: Point): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

/** Volume of the union of the boxes between each point and the reference point: each point's box, less what the later ones share with it. */
function hypervolume(points: readonly Point[], reference: Point): number {
  return points.reduce((sum, point, at) => {
    const box = reference.reduce((volume, end, axis) => volume * Math.max(end - point[axis]!, 0), 1);
    const shared = points
      .slice(at + 1)
      .map((other) => other.map((value, axis) => Math.max(value, point[axis]!)));
    const undominated = shared.filter(
      (a, i) => !shared.some((b, j) => dominates(b, a) || (j < i && compare(a, b) === 0)),
    );
    return sum + box - (undominated.length > 0 ? hypervolume(undominated, reference) : 0);
  }, 0);
}
