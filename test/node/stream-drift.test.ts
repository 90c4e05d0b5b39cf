/**
 * Drifts in the Stream view: CUSUM on the residuals of the model that comes with the page, computed in float64 without a GPU. Each
 * figure is what the page does on these signals: when a drift is found, and how often an undisturbed signal is called one.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Generator, loadCheckpoint, type NDArray } from "webgpu-lstm";
import { Breather } from "../../demo/inspect/breather.ts";
import { traceStack } from "../../demo/inspect/layer-run/gates.ts";
import { lessonOf } from "../../demo/stream/model/lesson.ts";
import { WARM_UP } from "../../demo/stream/model/model.ts";
import { heldOutResiduals } from "../../demo/stream/model/residuals.ts";
import { type Disturbance, normalSensors, SensorBank } from "../../demo/stream/signals/sensor.ts";
import { Cusum, farthestSum, SLACK } from "../../demo/stream/watching/cusum.ts";
import { AnomalyDetector, factorFor, type Normal, normalOf } from "../../demo/stream/watching/detector.ts";

const file = readFileSync(new URL("../../demo/stream/model/sensor.safetensors", import.meta.url));
const { model, config } = loadCheckpoint(file);
const { normal } = config as unknown as { readonly normal: Normal };
const lesson = lessonOf(normalSensors());
const { mean, std } = lesson.scale;

/** The prediction that follows each value, with the state carried from the first on. */
async function predict(values: ArrayLike<number>): Promise<Float64Array> {
  const parameters = new Map<string, NDArray>();
  for (const [name, value] of model) if (name.startsWith("gru.")) parameters.set(name.slice(4), value);
  const [weight, bias] = [model.get("fc.weight")!.data, model.get("fc.bias")!.data[0]!];
  const units = weight.length;
  const stack = {
    kind: "gru",
    hiddenSize: units,
    projSize: 0,
    numLayers: 1,
    bidirectional: false,
    parameters,
  } as const;
  const x = Float64Array.from(values, (value) => (value - mean) / std);
  const { output } = await traceStack(stack, x, x.length, new Breather());
  return x.map((_, t) => {
    const h = output.subarray(t * units, (t + 1) * units);
    return h.reduce((sum, value, j) => sum + value * weight[j]!, bias) * std + mean;
  });
}

/** What the page finds in a sensor that is disturbed in these steps. */
async function watch(
  steps: number,
  seed: number,
  disturbances: ReadonlyMap<number, Disturbance> = new Map(),
) {
  const bank = new SensorBank(1, seed);
  const values = Float64Array.from({ length: steps }, (_, t) => {
    const kind = disturbances.get(t);
    if (kind) bank.disturb(0, kind);
    return bank.next()[0]!;
  });
  const predicted = await predict(values);
  const detector = new AnomalyDetector(normal, factorFor(normal), WARM_UP);
  for (let t = 1; t < steps; t++) {
    detector.judge(t, Float32Array.of(values[t]!), Float32Array.of(predicted[t - 1]!));
  }
  return detector.anomalies;
}

describe("the sum of residuals", () => {
  test("grows by what exceeds the slack, on either side, and starts anew below zero", () => {
    const sum = new Cusum();
    for (const residual of [1, 1, 1]) sum.add(residual);
    expect([sum.size, sum.steps]).toEqual([3 * (1 - SLACK), 3]);
    sum.add(-4);
    expect([sum.size, sum.steps]).toEqual([-(4 - SLACK), 1]);
    sum.add(-1);
    expect([sum.size, sum.steps]).toEqual([-(5 - 2 * SLACK), 2]);
    sum.reset();
    expect([Math.abs(sum.size), sum.steps]).toEqual([0, 0]);
    // Of two recordings beside each other, the second is off by one.
    expect(farthestSum(Float64Array.of(0, 1, 0, 1, 0, 1), 2)).toBe(3 * (1 - SLACK));
  });

  test("finds a small shift, which no single value shows; restarts after it has found one", () => {
    const detector = new AnomalyDetector(
      { ...normal, center: 0, sigma: 1, count: Number.POSITIVE_INFINITY },
      6,
      0,
    );
    const found: number[] = [];
    for (let t = 1; t <= 40; t++) {
      if (detector.judge(t, Float32Array.of(t > 10 ? 2 : 0), new Float32Array(1)).length > 0) found.push(t);
    }
    // 1.5 a step over 12: in the ninth step, then every ninth.
    expect(found).toEqual([19, 28, 37]);
    expect(detector.anomalies).toEqual([
      { stream: 0, from: 19, to: 37, by: "sum", size: 13.5, steps: 9, value: 2, predicted: 0 },
    ]);
    // A value beyond the threshold says more, but the sum was first.
    detector.judge(41, Float32Array.of(7), new Float32Array(1));
    expect(detector.anomalies).toMatchObject([{ from: 19, to: 41, by: "sum", size: 7, steps: 1 }]);
  });
});

describe("after a short recording", () => {
  /** Alarms in an hour at 30 a second of a model that has learned too little: its errors last, and their center is off by 0.1 sigma. */
  function falseAlarms(count: number): number {
    const detector = new AnomalyDetector({ center: 0, sigma: 1, farthest: 3, farthestSum: 5, count }, 6, 0);
    const noise = new Generator(5).normal_(new Float32Array(108_000), 0, 1);
    let error = 0;
    for (const [t, value] of noise.entries()) {
      error = 0.4 * error + Math.sqrt(1 - 0.4 ** 2) * value;
      detector.judge(t, Float32Array.of(0.1 + error), new Float32Array(1));
    }
    return detector.anomalies.length;
  }

  test("a sum needs larger errors, and is not an alarm every minute", () => {
    // 20 seconds at 30 a second leave 134 residuals.
    expect(falseAlarms(Number.POSITIVE_INFINITY)).toBeGreaterThan(30);
    expect(falseAlarms(134)).toBeLessThan(5);
  });

  test("finds a drift all the same", () => {
    const detector = new AnomalyDetector(
      { center: 0, sigma: 1, farthest: 3, farthestSum: 5, count: 134 },
      6,
      0,
    );
    for (let t = 0; t < 60; t++) detector.judge(t, Float32Array.of(t / 15), new Float32Array(1));
    const [drift] = detector.anomalies;
    expect(drift?.by).toBe("sum");
    expect(drift?.from).toBeLessThan(45);
  });
});

describe("the model that comes with the page", () => {
  test("has the residuals on normal data that its file says", async () => {
    const { heldOut } = lesson;
    const streams = await Promise.all(heldOut.map((part) => predict(part.map((v) => v * std + mean))));
    let t = 0;
    const residuals = await heldOutResiduals(lesson, async () => {
      const predicted = Float32Array.from(streams, (stream) => stream[t]!);
      t++;
      return predicted;
    });
    const found = normalOf(residuals, heldOut.length);
    for (const key of ["sigma", "farthest", "farthestSum"] as const) {
      // The GPU's float32 makes a difference of some 1e-6.
      expect(Math.abs(found[key] / normal[key] - 1)).toBeLessThan(1e-4);
    }
    expect(found.count).toBe(normal.count);
    // The noise has a standard deviation of 0.05, which nothing predicts.
    expect(found.sigma).toBeLessThan(0.06);
  });

  test("calls nothing an anomaly in 50,000 undisturbed steps, 28 minutes at 30 a second", async () => {
    for (const seed of [7, 8, 9, 10, 11]) expect(await watch(10_000, seed)).toEqual([]);
  });

  test("finds a drift by its sum while it lasts, a spike and a dropout by one value, each once", async () => {
    const delays: number[] = [];
    for (let seed = 20; seed < 28; seed++) {
      const at = { spike: 100, dropout: 300, drift: 500 } as const;
      const kinds = new Map(Object.entries(at).map(([kind, t]) => [t, kind as Disturbance]));
      const found = await watch(700, seed, kinds);
      expect(found.map(({ by }) => by)).toEqual(["value", "value", "sum"]);
      const [spike, dropout, drift] = found;
      expect(spike!.from).toBe(at.spike);
      expect(dropout!.from - at.dropout).toBeLessThan(8);
      delays.push(drift!.from - at.drift);
    }
    delays.sort((a, b) => a - b);
    // Within 6 to 11 steps of 45; before, only its end was found.
    expect(delays[0]).toBeGreaterThan(0);
    expect(delays.at(-1)).toBeLessThan(14);
  });
});
