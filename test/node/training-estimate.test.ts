import { describe, expect, it } from "vitest";
import { Estimate, timeLeft } from "../../demo/training/estimate.ts";

describe("the estimate of a run's time", () => {
  it("is the remaining work at the current rate", () => {
    const estimate = new Estimate();
    for (let i = 0; i <= 10; i++) estimate.mark(i / 100, i * 0.2);
    expect(estimate.secondsLeft).toBeCloseTo(18, 6);
  });

  it("is absent with too little data or without progress", () => {
    const estimate = new Estimate();
    expect(estimate.secondsLeft).toBeUndefined();
    estimate.mark(0.1, 0);
    estimate.mark(0.2, 0.1);
    expect(estimate.secondsLeft).toBeUndefined();
    estimate.restart();
    estimate.mark(0.2, 0);
    estimate.mark(0.2, 5);
    expect(estimate.secondsLeft).toBeUndefined();
  });

  it("forgets a slow start and a pause", () => {
    const estimate = new Estimate();
    for (let i = 0; i <= 100; i++) estimate.mark(i / 1000, i); // 0.1 % a second
    for (let i = 1; i <= 30; i++) estimate.mark(0.1 + i / 100, 100 + i); // 1 % a second
    expect(estimate.secondsLeft).toBeCloseTo(60, 0);
    estimate.restart();
    estimate.mark(0.4, 1000);
    estimate.mark(0.5, 1001);
    expect(estimate.secondsLeft).toBeCloseTo(5, 6);
  });

  it("is put into words", () => {
    expect([0.4, 7.2, 43, 130, 7300].map(timeLeft)).toEqual([
      "about a second left",
      "about 7 s left",
      "about 45 s left",
      "about 2 min left",
      "about 2 h left",
    ]);
  });
});
