import { test } from "vitest";
import { testCells } from "../recurrent-problem.ts";
import { withDevice } from "./gpu.ts";
import { checkGradients } from "./gradient-check.ts";

// Not relu: its slope jumps, so its difference quotients need not be near it.
const { lstm, gru, tanh } = testCells;

test.each(["step", "cell", "split", "sequence4", "sequence"] as const)(
  "gradients of any recurrent network match difference quotients: %s",
  async (recurrent) => {
    await withDevice((device) => checkGradients(device, { lstm, gru, tanh }), { versions: { recurrent } });
  },
);
