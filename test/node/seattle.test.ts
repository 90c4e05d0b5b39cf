import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NDArray } from "../../src/shape.ts";
import { persistence, seasonal } from "../../tasks/seattle/baselines.ts";
import { forecastTask } from "../../tasks/seattle/task.ts";
import { errorsOf } from "../../tasks/series/errors.ts";
import { dayOfYear } from "../../tasks/series/seasons.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";
import { FEATURES, parseWeather } from "../../tasks/series/weather.ts";

const weather = parseWeather(seattleCsv);
const maximum = (day: number) => weather.series.data[day * FEATURES.length]!;

describe("the data set", () => {
  test("is the package's: four years without a gap", () => {
    expect(seattleCsv).toBe(readFileSync("node_modules/vega-datasets/data/seattle-weather.csv", "utf8"));
    expect(weather.series.shape).toEqual([1461, FEATURES.length]);
    expect([weather.dates[0], weather.dates.at(-1)]).toEqual(["2012-01-01", "2015-12-31"]);
    const first = [...weather.series.data.subarray(0, FEATURES.length)];
    [12.8, 5, 0, 4.7, 0, 1].forEach((value, k) => {
      expect(first[k]).toBeCloseTo(value, 5);
    });
    expect(weather.series.data[FEATURES.length + 2]).toBeCloseTo(Math.log(11.9), 5);
  });

  test("counts the days of a leap year and of others", () => {
    const dates = ["2012-01-01", "2012-03-01", "2013-03-01", "2012-12-31", "2013-12-31"];
    expect(dates.map((date) => dayOfYear(Date.parse(date)))).toEqual([0, 60, 59, 365, 364]);
  });

  test("names the wrong line", () => {
    const header = "date,precipitation,temp_max,temp_min,wind,weather";
    const parse =
      (...lines: string[]) =>
      () =>
        parseWeather([header, ...lines].join("\n"));
    expect(parse()).toThrow("no rows below it");
    expect(() => parseWeather("")).toThrow("The file is empty");
    expect(() => parseWeather("date,temp_max\n2012-01-01,12.8")).toThrow(
      'There is no column "temp_min"; the columns are date, temp_max.',
    );
    expect(parse("2012-01-01,0,12.8,5,4.7,rain", "2012-01-03,0,1,1,1,sun")).toThrow(
      "Line 3: 2012-01-03 does not follow 2012-01-01",
    );
    expect(parse("2012-01-01,0,warm,5,4.7,rain")).toThrow(
      'Line 2, column "temp_max": "warm" is not a number',
    );
    expect(parse("2012-01-01,0,,5,4.7,rain")).toThrow('Line 2, column "temp_max": the cell is empty');
    expect(parse("2012-01-01,0,3")).toThrow("Line 2 has 3 cells, but the header has 6 columns");
    expect(parse("1/1/2012,0,12.8,5,4.7,rain")).toThrow('this is "1/1/2012"');
    expect(parse("2012-13-01,0,12.8,5,4.7,rain")).toThrow("a date must read like");
  });
});

describe("errors", () => {
  test("match values computed by hand, over all days and per day ahead", () => {
    const array = (values: number[]): NDArray => ({ data: Float32Array.from(values), shape: [2, 2] });
    const errors = errorsOf(array([1, 2, 3, 4]), array([2, 2, 6, 0]));
    expect(errors.mae).toBe(2);
    expect(errors.rmse).toBeCloseTo(Math.sqrt(26 / 4), 12);
    expect(errors.perDay).toEqual([
      { mae: 2, rmse: Math.sqrt(5) },
      { mae: 2, rmse: Math.sqrt(8) },
    ]);
    expect(() => errorsOf({ data: new Float32Array(4), shape: [4, 1] }, array([1, 2, 3, 4]))).toThrow(
      "same shape",
    );
  });
});

describe.each([1, 7])("the task, %i days ahead", (horizon) => {
  const window = 14;
  const task = forecastTask(weather, { horizon, window });
  const testStart = 1461 - 365;

  test("trains on 2012 and 2013, validates on 2014, tests on every day of 2015", () => {
    expect([task.train.length, task.validation.length, task.test.length]).toEqual([
      731 - window - horizon + 1,
      365 - horizon + 1,
      365 - horizon + 1,
    ]);
    expect(task.train.x.shape).toEqual([task.train.length, window, FEATURES.length]);
    expect(task.test.y.shape).toEqual([task.test.length, horizon]);
    expect([task.heldOut.dates[0], task.heldOut.dates.at(-1)]).toEqual([
      "2015-01-01",
      weather.dates[1461 - horizon],
    ]);
  });

  test("the scaler uses only the training days", () => {
    const days = Array.from({ length: 731 }, (_, day) => maximum(day));
    expect(task.scaler.mean[0]).toBeCloseTo(days.reduce((a, b) => a + b) / 731, 9);
    const changed = { ...weather, series: { ...weather.series, data: weather.series.data.slice() } };
    changed.series.data.fill(99, 731 * FEATURES.length);
    const other = forecastTask(changed, { horizon, window });
    expect(other.scaler.toJSON()).toEqual(task.scaler.toJSON());
    expect(other.train.x.data).toEqual(task.train.x.data);
    expect(other.train.y.data).toEqual(task.train.y.data);
  });

  test("returns measurements in °C, day by day", () => {
    const { measured } = task.heldOut;
    for (let i = 0; i < task.test.length; i++) {
      for (let ahead = 0; ahead < horizon; ahead++) {
        expect(measured.data[i * horizon + ahead]).toBeCloseTo(maximum(testStart + i + ahead), 4);
      }
    }
  });

  test("persistence repeats the model's last input day", () => {
    const lastSeen = task.celsius({
      data: Float32Array.from({ length: task.test.length }, (_, i) => {
        return task.test.x.data[((i + 1) * window - 1) * FEATURES.length]!;
      }),
      shape: [task.test.length, 1],
    });
    const { persistence: forecast } = task.heldOut;
    expect(forecast.shape).toEqual([task.test.length, horizon]);
    forecast.data.forEach((value, i) => {
      expect(value).toBeCloseTo(lastSeen.data[Math.floor(i / horizon)]!, 4);
    });
  });

  test("the seasonal mean averages the days around the same date in earlier years", () => {
    // 2015-07-04 by hand: 27 June to 11 July of 2012 to 2014.
    const near = weather.dates.flatMap((date, day) => {
      const inSeason = date.slice(5) >= "06-27" && date.slice(5) <= "07-11";
      return inSeason && day < testStart ? [maximum(day)] : [];
    });
    expect(near.length).toBe(45);
    const origin = weather.dates.indexOf("2015-07-04");
    const [value] = seasonal(weather, [origin], 1, testStart).data;
    // 2012 is a leap year: its dates are one day later in the year, so its window is 26 June to 10 July.
    const shifted =
      maximum(weather.dates.indexOf("2012-06-26")) - maximum(weather.dates.indexOf("2012-07-11"));
    expect(value).toBeCloseTo((near.reduce((a, b) => a + b) + shifted) / 45, 4);
  });

  test("the baselines never use the held-out days, except persistence's last input", () => {
    const changed = { ...weather, series: { ...weather.series, data: weather.series.data.slice() } };
    changed.series.data.fill(99, testStart * FEATURES.length);
    const origins = [testStart, testStart + 100];
    expect(seasonal(changed, origins, horizon, testStart)).toEqual(
      seasonal(weather, origins, horizon, testStart),
    );
    expect(persistence(changed, [testStart], horizon)).toEqual(persistence(weather, [testStart], horizon));
  });
});

test("the baselines' errors in 2015, in °C", () => {
  const scores = [1, 7].map((horizon) => {
    const { heldOut } = forecastTask(weather, { horizon, window: 14 });
    return [heldOut.persistence, heldOut.seasonal].map((forecast) => {
      const { mae, rmse } = errorsOf(forecast, heldOut.measured);
      return [mae.toFixed(2), rmse.toFixed(2)];
    });
  });
  expect(scores).toEqual([
    [
      ["2.24", "2.91"],
      ["3.15", "3.95"],
    ],
    [
      ["3.40", "4.38"],
      ["3.16", "3.97"],
    ],
  ]);
});

test("a year without earlier measurements has no seasonal mean", () => {
  expect(() => seasonal(weather, [200], 1, 30)).toThrow("no earlier year covers 2012-07-19");
});
