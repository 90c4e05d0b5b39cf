/** The host parts of the demo's Stream view: sensors, training data, anomalies, times, sampling. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Generator } from "webgpu-lstm";
import { BATCH, lessonOf, pairsOf, SHORTEST, WINDOW } from "../../demo/stream/model/lesson.ts";
import { WARM_UP } from "../../demo/stream/model/model.ts";
import { recordSensors, SensorBank } from "../../demo/stream/signals/sensor.ts";
import { AnomalyDetector, normalOf } from "../../demo/stream/watching/detector.ts";
import { EDGES, Latencies } from "../../demo/stream/watching/latency.ts";
import { type Answer, POINTS, Watch } from "../../demo/stream/watching/watch.ts";

describe("sensors", () => {
  const run = (bank: SensorBank, steps: number) => Array.from({ length: steps }, () => bank.next());

  test("give the same values for the same seed, and others for another", () => {
    expect(run(new SensorBank(3, 1), 5)).toEqual(run(new SensorBank(3, 1), 5));
    expect(run(new SensorBank(3, 1), 5)).not.toEqual(run(new SensorBank(3, 2), 5));
    expect(recordSensors(3, 5, 1)[2]).toEqual(Float32Array.from(run(new SensorBank(3, 1), 5), (v) => v[2]!));
  });

  test("a disturbance changes only its own sensor, during its own time", () => {
    for (const [kind, samples] of [
      ["spike", 1],
      ["dropout", 8],
      ["drift", 45],
    ] as const) {
      const [calm, disturbed] = [new SensorBank(2, 1), new SensorBank(2, 1)];
      run(calm, 3);
      run(disturbed, 3);
      disturbed.disturb(1, kind);
      const pairs = run(calm, 60).map((values, t) => [values, disturbed.next(), t] as const);
      for (const [before, after, t] of pairs) {
        expect(after[0]).toBe(before[0]);
        // A drift starts at zero.
        if (t >= samples) expect(after[1]).toBe(before[1]);
        else if (!(kind === "drift" && t === 0)) expect(after[1]).not.toBe(before[1]);
      }
    }
  });
});

describe("lesson", () => {
  test("targets are the next values, and no window contains the held-out end", () => {
    // A ramp, so that each value shows its position.
    const ramp = Float32Array.from({ length: 400 }, (_, t) => t);
    const { scale, x, y, heldOut } = lessonOf([ramp]);
    const at = (value: number) => Math.round(value * scale.std + scale.mean);
    const [windows] = x.shape as [number];
    expect(x.shape).toEqual([windows, WINDOW, 1]);
    expect(y.shape).toEqual([windows, WINDOW - WARM_UP, 1]);
    for (let n = 0; n < windows; n++) {
      const first = at(x.data[n * WINDOW]!);
      expect(at(x.data[n * WINDOW + WINDOW - 1]!)).toBe(first + WINDOW - 1);
      expect(at(y.data[n * (WINDOW - WARM_UP)]!)).toBe(first + WARM_UP + 1);
      expect(at(y.data[(n + 1) * (WINDOW - WARM_UP) - 1]!)).toBe(first + WINDOW);
      expect(first + WINDOW).toBeLessThan(300);
    }
    expect(heldOut.map((part) => [at(part[0]!), part.length])).toEqual([[300, 100]]);
  });

  test("the held-out end becomes one pair for each recording: the values, and those that follow", () => {
    const ramp = (from: number) => Float32Array.from({ length: 30 }, (_, t) => from + t);
    const { x, y } = pairsOf([ramp(0), ramp(100)]);
    expect(x.shape).toEqual([2, 29, 1]);
    expect(y.shape).toEqual([2, 29 - WARM_UP, 1]);
    expect([...x.data.slice(28, 30)]).toEqual([28, 100]);
    expect([y.data[0], y.data[29 - WARM_UP], y.data.at(-1)]).toEqual([WARM_UP + 1, 101 + WARM_UP, 129]);
  });

  test("the shortest recording gives a full batch; a constant one is refused", () => {
    const noise = new Generator(0).normal_(new Float32Array(SHORTEST));
    expect(lessonOf([noise]).x.shape[0]).toBeGreaterThanOrEqual(BATCH);
    expect(lessonOf([noise]).heldOut[0]!.length).toBeGreaterThan(WARM_UP + 1);
    expect(() => lessonOf([new Float32Array(SHORTEST).fill(-100)])).toThrow("did not change");
  });
});

describe("anomalies", () => {
  test("the threshold is a Gaussian's standard deviation, despite a few outliers", () => {
    const residuals = new Generator(0).normal_(new Float32Array(4001), 0.1, 0.2);
    residuals.fill(50, 0, 40);
    const { center, sigma, farthest, count } = normalOf(residuals);
    expect(center).toBeCloseTo(0.1, 1);
    expect(sigma).toBeGreaterThan(0.19);
    expect(sigma).toBeLessThan(0.21);
    expect(farthest).toBeGreaterThan(200);
    expect(count).toBe(4001);
    expect(normalOf([0, 0, 0, 0, 1]).sigma).toBeGreaterThan(0); // a median deviation of 0 would mark everything
    expect(() => normalOf([])).toThrow(RangeError);
  });

  test("consecutive residuals beyond the factor are one anomaly, reported by the largest", () => {
    const normal = { center: 0, sigma: 0.5, farthest: 3, farthestSum: 5, count: 100 };
    const detector = new AnomalyDetector(normal, 4, 2);
    const judge = (step: number, first: number, second = 0) =>
      detector.judge(step, Float32Array.of(first, second), new Float32Array(2));
    expect(judge(1, 9)).toEqual([]); // the first two steps are not judged
    expect(judge(2, 9)).toEqual([]);
    expect(judge(3, 2)).toEqual([]); // 4 sigmas are not beyond 4
    expect(judge(4, 2.5)).toEqual([0]);
    expect(judge(5, -4, 3)).toEqual([0, 1]);
    expect(judge(9, 3)).toEqual([0]);
    expect(judge(60, 2.5)).toEqual([0]);
    expect(detector.anomalies).toEqual([
      { stream: 0, from: 4, to: 9, by: "value", size: -8, steps: 1, value: -4, predicted: 0 },
      { stream: 1, from: 5, to: 5, by: "value", size: 6, steps: 1, value: 3, predicted: 0 },
      { stream: 0, from: 60, to: 60, by: "value", size: 5, steps: 1, value: 2.5, predicted: 0 },
    ]);
    detector.factor = 6;
    expect(detector.threshold).toBe(3);
    expect(judge(61, 2.5)).toEqual([]);
    detector.reset();
    expect(judge(62, 9)).toEqual([]);
    detector.only = 1;
    expect(judge(63, 9, 9)).toEqual([]);
    expect(judge(64, 9, 9)).toEqual([1]);
  });
});

test("times: quantiles are interpolated, old times are forgotten, bins hold all of them", () => {
  const times = new Latencies();
  expect(times.quantile(0.5)).toBeUndefined();
  for (let ms = 1; ms <= 100; ms++) times.add(ms);
  expect([0.5, 0.95, 0.99, 1].map((share) => times.quantile(share))).toEqual([50.5, 95.05, 99.01, 100]);
  for (const ms of [0, 0.01, 1e6]) times.add(ms);
  const counts = times.histogram();
  expect(counts.reduce((sum, n) => sum + n)).toBe(103);
  expect([counts[0], counts.at(-1)]).toEqual([2, 1]);
  expect(counts[EDGES.indexOf(64)]).toBe(90 - 63); // from 64 up to √2 times that
  for (let i = 0; i < 600; i++) times.add(2);
  expect(times.quantile(1)).toBe(2);
});

describe("watch", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A watch of 0, 1, 2, … with predictions one too high, answered after `ms`. */
  function counting(rate: number, ms: number) {
    const detector = new AnomalyDetector(
      { center: -1, sigma: 0.1, farthest: 1, farthestSum: 1, count: 9 },
      5,
      0,
    );
    const state = { next: 0, held: false, gaps: 0, failures: [] as unknown[], asked: [] as number[] };
    const watch = new Watch({
      rate,
      detector,
      next: () => Float32Array.of(state.next++),
      async ask(values): Promise<Answer> {
        state.asked.push(values[0]!);
        await new Promise((resolve) => setTimeout(resolve, ms));
        if (values[0] === 666) throw new Error("lost");
        return { predicted: values.map((value) => value + 2), ms };
      },
      held: () => state.held,
      afterGap: () => state.gaps++,
      onStep() {},
      onFailure: (error) => state.failures.push(error),
    });
    return { watch, detector, state };
  }

  test("takes values at its rate, and judges each by the previous answer", async () => {
    const { watch, detector, state } = counting(50, 5);
    watch.start();
    await vi.advanceTimersByTimeAsync(1990);
    expect(watch.steps).toBe(100);
    expect(watch.stepsPerSecond).toBeCloseTo(50, 0);
    expect(watch.points.slice(0, 3)).toEqual([
      { step: 1, value: 0, predicted: null, anomalous: false },
      { step: 2, value: 1, predicted: 2, anomalous: false },
      { step: 3, value: 2, predicted: 3, anomalous: false },
    ]);
    expect(watch.predicted).toBe(101);
    expect(detector.anomalies).toEqual([]);
    state.next += 5;
    await vi.advanceTimersByTimeAsync(20);
    expect(detector.anomalies.map(({ from, size }) => [from, Math.round(size)])).toEqual([[101, 50]]);

    watch.rate = 10;
    watch.stop();
    watch.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(watch.stepsPerSecond).toBeCloseTo(10, 0);
    expect(state.gaps).toBe(1);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(watch.points).toHaveLength(POINTS);
    watch.stop();
    const asked = state.asked.length;
    await vi.advanceTimersByTimeAsync(1000);
    expect([state.asked.length, watch.steps]).toEqual([asked, asked]);
  });

  test("skips values when answers are slow, and takes none while paused", async () => {
    const { watch, state } = counting(50, 1000);
    watch.start();
    await vi.advanceTimersByTimeAsync(990);
    expect(state.asked).toHaveLength(6);
    expect(watch.leftOut).toBe(44);
    await vi.advanceTimersByTimeAsync(500);
    expect(watch.steps).toBe(6);
    state.held = true;
    const asked = state.asked.length;
    await vi.advanceTimersByTimeAsync(3000);
    expect(state.asked).toHaveLength(asked);
    state.held = false;
    await vi.advanceTimersByTimeAsync(20);
    expect([state.gaps, state.asked.length]).toEqual([1, asked + 1]);
  });

  test("ignores answers to older values after a restart; a failure ends it", async () => {
    const { watch, state, detector } = counting(50, 15);
    watch.start();
    await vi.advanceTimersByTimeAsync(90); // the value at 80 ms is not answered yet
    expect(watch.steps).toBe(4);
    watch.begin();
    state.next = 500;
    await vi.advanceTimersByTimeAsync(30);
    expect(watch.points.slice(-2)).toEqual([
      { step: 4.5, value: null, predicted: null, anomalous: false },
      { step: 5, value: 500, predicted: null, anomalous: false },
    ]);
    expect(detector.anomalies).toEqual([]);
    state.next = 666;
    await vi.advanceTimersByTimeAsync(500);
    expect(state.failures).toEqual([new Error("lost")]);
    const asked = state.asked.length;
    await vi.advanceTimersByTimeAsync(500);
    expect(state.asked).toHaveLength(asked);
  });
});
