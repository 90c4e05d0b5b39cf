/** Operators that run graphs: one branch of an `If`, a `Loop` whose trips are known. */

import { cat } from "../../../graph/tensor.ts";
import type { Operator } from "../call.ts";
import { hostTensor } from "../host.ts";
import { isHost, shapeOf, type Value } from "../value.ts";

/** Most trips of a loop: each is traced. */
const MAX_TRIPS = 10_000;

const branch: Operator = (call) => {
  const condition = call.host(0, "the condition");
  return call.run(call.graph(condition.data[0] ? "then_branch" : "else_branch"), []);
};

const loop: Operator = (call) => {
  const trips = call.optional(0) ? call.list(0, "the number of trips")[0]! : Number.POSITIVE_INFINITY;
  const body = call.graph("body");
  let goes = call.optional(1) ? call.list(1, "the first condition")[0]! !== 0 : true;
  let carried = call.inputs.slice(2).map((_, i) => call.value(2 + i));
  const scans: Value[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let trip = 0; goes && trip < trips; trip++) {
    if (trip === MAX_TRIPS) throw call.refuse(`it makes more than ${MAX_TRIPS} trips`);
    const results = call.run(body, [hostTensor("I64", [], [trip]), hostTensor("BOOL", [], [1]), ...carried]);
    const condition = results[0]!;
    if (!isHost(condition)) {
      throw call.refuse(
        "the loop's condition depends on the data of an input; give that input in { constants }",
      );
    }
    goes = condition.data[0] !== 0;
    carried = results.slice(1, 1 + carried.length);
    for (const [i, scan] of scans.entries()) scan.push(results[1 + carried.length + i]!);
  }
  const stacked = scans.map((values): Value => {
    if (values.length === 0) throw call.refuse("it makes no trip, and collects values of unknown shape");
    const shape = [values.length, ...shapeOf(values[0]!)];
    const { dtype } = values[0]!;
    if (values.every(isHost))
      return hostTensor(
        dtype,
        shape,
        values.flatMap(({ data }) => Array.from(data)),
      );
    return call.device(dtype, cat(values.map((value) => call.toTensor(value).unsqueeze(0))));
  });
  return [...carried, ...stacked];
};

export const controls: Readonly<Record<string, Operator>> = { If: branch, Loop: loop };
