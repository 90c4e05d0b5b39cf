import { describe, expect, test } from "vitest";
import { parseTrainOptions } from "../../tasks/seattle/options.ts";
import { plotForecast } from "../../tasks/seattle/plot.ts";
import { resultTable } from "../../tasks/seattle/table.ts";
import { forecastTask } from "../../tasks/seattle/task.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";
import { DEFAULTS } from "../../tasks/series/seattle-defaults.ts";
import { parseWeather } from "../../tasks/series/weather.ts";
import { niceTicks } from "../../tasks/svg/svg.ts";
import { ProgressBar } from "../../tasks/terminal/progress.ts";
import { UsageError } from "../../tasks/terminal/usage-error.ts";

const weather = parseWeather(seattleCsv);

describe("the command line of npm run train", () => {
  test("has the defaults chosen by validation", () => {
    expect(parseTrainOptions([])).toEqual({ horizon: 1, out: "out", ...DEFAULTS });
  });

  test("reads every option", () => {
    const args =
      "--horizon 7 --window 21 --hidden 48 --layers 2 --epochs 5 --batch 16 --lr 1e-2 --weight-decay 0 --seed 3 --out here";
    expect(parseTrainOptions(args.split(" "))).toEqual({
      horizon: 7,
      window: 21,
      hidden: 48,
      layers: 2,
      epochs: 5,
      batchSize: 16,
      learningRate: 0.01,
      weightDecay: 0,
      seed: 3,
      out: "here",
    });
    expect(parseTrainOptions(["--help"])).toBeUndefined();
  });

  test.each([
    ["--horizon 2", '--horizon must be 1 or 7, got "2"'],
    ["--epochs 0", '--epochs must be a whole number from 1 to 100000, got "0"'],
    ["--hidden 2.5", '--hidden must be a whole number from 1 to 1024, got "2.5"'],
    ["--window many", 'got "many"'],
    ["--window=", '--window must be a whole number from 1 to 365, got ""'],
    ["--lr 0", "--lr must be above 0"],
    ["--lr NaN", "--lr must be above 0"],
    ["--weight-decay=-1", "--weight-decay must be at least 0"],
    ["--seed -- 1", "Option '--seed"],
    ["--batchsize 3", "Unknown option '--batchsize'"],
    ["seven", "seven"],
    ["--out=", "--out must name a folder"],
  ])("refuses %s", (args, message) => {
    expect(() => parseTrainOptions(args.split(" "))).toThrow(UsageError);
    expect(() => parseTrainOptions(args.split(" "))).toThrow(message);
  });
});

describe("the progress bar", () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    return { written, bar: new ProgressBar({ isTTY, columns: 40, write } as unknown as NodeJS.WriteStream) };
  };

  test("redraws one line that fits the terminal", () => {
    const { written, bar } = stream(true);
    bar.update(0.5, "epoch 15/30  loss 0.1234  and a long note that would wrap");
    bar.end();
    expect(written).toEqual([`\r\x1b[K${"█".repeat(12)}${"░".repeat(12)} epoch 15/30  l`, "\n"]);
  });

  test("prints a line at every tenth if it cannot redraw", () => {
    const { written, bar } = stream(false);
    for (let i = 0; i <= 100; i++) bar.update(i / 100, `${i} %`);
    bar.end();
    expect(written).toEqual([
      "10 %\n",
      "20 %\n",
      "30 %\n",
      "40 %\n",
      "50 %\n",
      "60 %\n",
      "70 %\n",
      "80 %\n",
      "90 %\n",
      "100 %\n",
    ]);
  });
});

describe("the plot", () => {
  test.each([
    [0, 35.2, 4, [0, 10, 20, 30, 40]],
    [-1.3, 0.4, 4, [-1.5, -1, -0.5, 0, 0.5]],
    [0, 0.7, 4, [0, 0.2, 0.4, 0.6000000000000001, 0.8]],
    [5, 5, 4, [4, 6]],
    [0, 0, 4, [0, 0.5]],
  ])("ticks from %d to %d are round and include both", (low, high, wanted, expected) => {
    const ticks = niceTicks(low, high, wanted);
    expect(ticks[0]).toBeLessThanOrEqual(low);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
    expect(ticks).toEqual(expected);
  });

  test.each([1, 7])("draws every held-out day, horizon %i", (horizon) => {
    const task = forecastTask(weather, { horizon, window: 14 });
    const drawing = plotForecast({
      task,
      forecast: task.heldOut.persistence,
      trainLoss: [0.5, 0.3],
      validationLoss: [0.6, 0.4],
      bestEpoch: 2,
      model: "a <model> & more",
    });
    expect(drawing).not.toMatch(/NaN|undefined|Infinity/);
    expect(drawing).toContain("a &lt;model&gt; &amp; more");
    expect(drawing).toContain(`forecast ${horizon === 1 ? "one day" : "7 days"} ahead`);
    const paths = drawing.match(/<path d="[^"]*"/g)!;
    expect(paths.length).toBe(horizon === 1 ? 5 : 8);
    for (const path of paths.slice(0, 3)) expect(path.match(/[ML]/g)!.length).toBe(task.test.length);
  });
});

describe("the table", () => {
  test("says whether the model is strictly better than both baselines", () => {
    const task = forecastTask(weather, { horizon: 7, window: 14 });
    expect(resultTable(task, task.heldOut.measured)).toContain(
      "beats both baselines over all days and on every",
    );
    const nextDay = forecastTask(weather, { horizon: 1, window: 14 });
    expect(resultTable(nextDay, nextDay.heldOut.measured)).toContain("The LSTM beats both baselines.");
    const { data, shape } = task.heldOut.measured;
    const worseOnDay3 = { shape, data: data.map((value, i) => (i % 7 === 2 ? value + 9 : value)) };
    expect(resultTable(task, worseOnDay3)).toContain("over all days; by MAE alone, not on day 3.");
    expect(resultTable(task, task.heldOut.seasonal)).toContain("does NOT beat both");
    const rows = resultTable(task, task.heldOut.seasonal).split("\n");
    const cells = (row: string) => row.trim().split(/\s{2,}/);
    expect(cells(rows[2]!)).toEqual(["LSTM", "3.16", "3.97"]);
    expect(cells(rows[3]!)).toEqual(["persistence", "3.40", "4.38"]);
    expect(cells(rows[5]!)).toEqual(["MAE by day ahead", "1", "2", "3", "4", "5", "6", "7"]);
    expect(cells(rows[7]!).slice(0, 3)).toEqual(["persistence", "2.26", "3.16"]);
  });
});
