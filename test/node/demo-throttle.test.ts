/** Drawings at intervals: demo/shell/throttle.ts. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Throttle } from "../../demo/shell/throttle.ts";

const FRAME = 16;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, FRAME));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("many requests are one drawing with the next frame", () => {
  const draw = vi.fn();
  const throttle = new Throttle(200, draw);
  for (let i = 0; i < 10; i++) throttle.request();
  vi.advanceTimersByTime(FRAME - 1);
  expect(draw).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(draw).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(draw).toHaveBeenCalledTimes(1);
});

test("the next drawing waits for the interval, and none is lost", () => {
  const drawnAt: number[] = [];
  const start = performance.now();
  const throttle: Throttle = new Throttle(200, () => {
    drawnAt.push(performance.now() - start);
    // A change during a drawing.
    if (drawnAt.length < 3) throttle.request();
  });
  throttle.request();
  vi.advanceTimersByTime(2000);
  expect(drawnAt).toEqual([FRAME, FRAME + 200 + FRAME, FRAME + 400 + 2 * FRAME]);
});
