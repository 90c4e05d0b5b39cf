/** The program on the README's first screen, word for word. */
import { expect, test, vi } from "vitest";

test("trains ten epochs to less than a hundredth of the first loss", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../../examples/quickstart.ts");
  const printed = log.mock.calls as [epoch: number, loss: number][];
  log.mockRestore();
  expect(printed.map(([epoch]) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(printed[9]![1]).toBeLessThan(printed[0]![1] / 100);
});
