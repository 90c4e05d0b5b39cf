import { openDevice } from "webgpu-lstm/node";
import { train } from "./train.js";

test("trains", async () => {
  const loss = await train(await openDevice());
  expect(loss).toBe("1.16580");
});
