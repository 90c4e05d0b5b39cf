import type { OnDemand } from "../../ondemand.ts";
import type { BackwardPass, Op } from "../op.ts";

/** The dispatches of an op, from a file that loads when a traced function uses the op. */
export interface Passes<A> {
  readonly forward: NonNullable<Op<A>["forward"]>;
  readonly backward?: BackwardPass<A>;
}

/** An op whose passes are in a chunk: a page downloads them where its models use the op. */
export function deferred<Name extends string, A>(
  name: Name,
  chunk: OnDemand<Readonly<Record<Name, Passes<A>>>>,
  infer: Op<A>["infer"],
  options: Pick<Op<A>, "stopsGradient"> = {},
): Op<A> {
  return {
    name,
    needs: () => [chunk],
    infer,
    forward: (...given) => chunk.module[name].forward(...given),
    backward: (...given) => chunk.module[name].backward!(...given),
    ...options,
  };
}

/** The result has the first input's shape. */
export function likeFirst([x]: Parameters<Op["infer"]>[0]): ReturnType<Op["infer"]> {
  return { outputs: [{ shape: x!.shape }] };
}
