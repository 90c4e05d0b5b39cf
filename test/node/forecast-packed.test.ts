/** A visitor's own series in an address: demo/forecast/own-series/. */

import { describe, expect, test } from "vitest";
import { Generator } from "webgpu-lstm";
import { csvSeries, firstChoice, readCsv } from "../../demo/forecast/own-series/csv-series.ts";
import {
  firstDrawing,
  heightNear,
  packDrawing,
  unpackDrawing,
} from "../../demo/forecast/own-series/drawn-series.ts";
import { fileOf, packTable, unpackTable } from "../../demo/forecast/own-series/linked-table.ts";
import { Packer, Unpacker, unpack } from "../../demo/forecast/own-series/packed.ts";
import { packTimes, unpackTimes } from "../../demo/forecast/own-series/packed-times.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Texts of random letters. */
function randomTexts(count: number, longest: number): string[] {
  const generator = new Generator(3);
  const draw = (below: number) =>
    Math.floor(generator.uniform_(new Float32Array(1), 0, 1)[0]! * below) % below;
  return Array.from({ length: count }, () =>
    Array.from({ length: draw(longest) }, () => LETTERS[draw(64)]).join(""),
  );
}

describe("packed numbers", () => {
  test("come back, small ones in few letters", () => {
    const numbers = [0, 1, -1, 63, -64, 64, 127, 128, -8192, 1e9, -1e15, 2 ** 52, -(2 ** 52)];
    const packer = new Packer();
    for (const number of numbers) packer.whole(number);
    packer.name("Umsatz in €");
    const from = new Unpacker(packer.text);
    expect(numbers.map(() => from.whole(-(2 ** 52), 2 ** 52))).toEqual(numbers);
    expect(from.name(80)).toBe("Umsatz in €");
    from.end();
    const small = new Packer();
    small.differences(Array.from({ length: 300 }, (_, t) => 5000 + 20 * (t % 3)));
    expect(small.text.length).toBeLessThanOrEqual(404);
  });

  test("are refused where they are none", () => {
    for (const number of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => new Packer().whole(number)).toThrow(RangeError);
    }
    const read = (text: string) => unpack(text, 100, (from) => from.whole(0, 10));
    expect(read("FA")).toBe(10);
    // Too large, cut off, with more behind it, without an end, and letters of other alphabets.
    for (const text of ["Fg", "gA", "FAAA", "", "____________________", "FA==", "F", "Ä", "F A", "%46A"]) {
      expect(read(text), text).toBeUndefined();
    }
    expect(unpack("A".repeat(100), 99, () => 1)).toBeUndefined();
  });
});

describe("packed dates", () => {
  const HOUR = 3_600_000;
  const days = Array.from({ length: 120 }, (_, t) => Date.UTC(2023, 1, 20 + t));
  const months = (day: number, by = 1) => Array.from({ length: 80 }, (_, t) => Date.UTC(2011, by * t, day));
  test.each([
    ["none", null, 2],
    ["days", days, 20],
    ["hours from half past", days.map((_, t) => Date.UTC(2024, 0, 1, 0, 30) + t * HOUR), 20],
    ["weekdays", days.filter((time) => new Date(time).getUTCDay() % 6 !== 0), 110],
    ["the first of months", months(1), 20],
    ["the 15th of quarters", months(15, 3), 20],
    ["the last of months", months(0), 20],
    ["years", months(1, 12), 20],
    ["years before 1970", Array.from({ length: 60 }, (_, t) => Date.UTC(1901 + t, 6)), 20],
    ["a gap", [...days.slice(0, 50), ...days.slice(60)], 25],
    ["milliseconds", [0, 7, 12, 1_000_003, 2_000_000], 30],
  ])("%s come back in few letters", (_, times, letters) => {
    const packer = new Packer();
    packTimes(packer, times);
    expect(unpack(packer.text, 1000, (from) => unpackTimes(from, times?.length ?? 0))).toEqual(times);
    expect(packer.text.length).toBeLessThanOrEqual(letters);
  });

  test("that do not rise or do not end are refused", () => {
    const read = (...numbers: number[]) => {
      const packer = new Packer();
      for (const number of numbers) packer.whole(number);
      return unpack(packer.text, 1000, (from) => unpackTimes(from, 10));
    };
    expect(read(1, 0, 1000, 1, 9)).toHaveLength(10);
    for (const bad of [
      [1, 0, 1000, 0, 9],
      [1, 0, 1000, -1, 9],
      [1, 0, 1000, 1, 8],
      [1, 0, 1000, 1, 10],
      [1, 0, 1e14, 1000, 9],
      [2, 0, 1e14, 1e14, 9],
      [4, 0, 1000, 1, 9],
      [1, 1e15, 1000, 1, 9],
    ]) {
      expect(read(...bad), String(bad)).toBeUndefined();
    }
  });
});

/** A file of days with a price and the number of customers. */
function sales(rows: number, price: (day: number) => string): string {
  const lines = Array.from({ length: rows }, (_, t) => {
    const date = new Date(Date.UTC(2022, 0, 31 + t)).toISOString().slice(0, 10);
    return `${date},${price(t)},${20 + ((7 * t) % 11)}`;
  });
  return ["Day,Price,Customers", ...lines].join("\n");
}

const cents = (t: number) => (100 + 20 * Math.sin(t / 5) + ((t * 37) % 10)).toFixed(2);

describe("a packed table", () => {
  test("is the same series, to the last digit", () => {
    const file = readCsv("sales.csv", sales(365, cents));
    for (const inputs of [[], ["Customers"]]) {
      const { series } = csvSeries(file, { ...firstChoice(file), inputs });
      const packed = packTable(series)!;
      expect(packed.rounded).toBeUndefined();
      expect(packed.text.length).toBeLessThan(inputs.length === 0 ? 1000 : 1500);
      const linked = fileOf(unpackTable(packed.text)!);
      const { series: again } = csvSeries(linked.file, linked.choice);
      expect({ ...again, credit: series.credit }).toEqual(series);
      expect(again.credit).toBe("sales.csv, 365 rows; they came with the link");
    }
  });

  test("asks nothing: its numbers have a point, and its whole numbers are no dates", () => {
    const text = ["id,n", ...Array.from({ length: 80 }, (_, t) => `${t},${20200101 + (t % 28)}`)].join("\n");
    const file = readCsv("n.csv", text.replace(/,(\d+)/g, ",$1.5"));
    const { series } = csvSeries(file, { target: "n", inputs: [], date: null });
    const whole = { ...series, values: series.values.map(Math.floor) };
    const linked = fileOf(unpackTable(packTable(whole)!.text)!);
    expect(linked.file.guess).toMatchObject({ decimal: { sure: true }, order: { sure: true } });
    expect(csvSeries(linked.file, linked.choice).series.values).toEqual(whole.values);
  });

  test("rounds what has many digits to what does not matter, and says so", () => {
    const file = readCsv(
      "float.csv",
      sales(300, (t) => String(100 + 20 * Math.sin(t / 5))),
    );
    const { series } = csvSeries(file, firstChoice(file));
    const packed = packTable(series)!;
    expect(packed.rounded).toBe(2);
    const [column] = unpackTable(packed.text)!.columns;
    const off = Math.max(...column!.cells.map((cell, t) => Math.abs(Number(cell) - series.values[t]!)));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThanOrEqual(0.005);
  });

  test("of many rows, of many columns or with a long name does not fit", () => {
    const large = readCsv("large.csv", sales(3000, cents));
    expect(packTable(csvSeries(large, firstChoice(large)).series)).toBeUndefined();
    const long = readCsv(`${"x".repeat(100)}.csv`, sales(100, cents));
    expect(packTable(csvSeries(long, firstChoice(long)).series)).toBeUndefined();
    const { series } = csvSeries(readCsv("a.csv", sales(100, cents)), {
      target: "Price",
      inputs: [],
      date: "Day",
    });
    const columns = Array.from({ length: 9 }, (_, k) => ({ name: `c${k}`, values: series.values }));
    expect(packTable({ ...series, columns })).toBeUndefined();
    expect(packTable({ ...series, values: series.values.map((value) => value * 1e20) })).toBeUndefined();
  });

  test("of anybody is a table or nothing, and never an error", () => {
    const { series } = csvSeries(readCsv("a.csv", sales(70, cents)), {
      target: "Price",
      inputs: [],
      date: "Day",
    });
    const { text } = packTable(series)!;
    const changed = Array.from({ length: text.length }, (_, at) =>
      ["A", "_", "\u0000", "é", ""].map((letter) => text.slice(0, at) + letter + text.slice(at + 1)),
    ).flat();
    const cut = Array.from({ length: text.length }, (_, length) => text.slice(0, length));
    let tables = 0;
    for (const hostile of [...changed, ...cut, ...randomTexts(3000, 2500).map((random) => `1${random}`)]) {
      const table = unpackTable(hostile);
      if (!table) continue;
      tables++;
      const { file, choice } = fileOf(table);
      const { values, times } = csvSeries(file, choice).series;
      expect(values.every(Number.isFinite)).toBe(true);
      expect(times!.every((time, t) => t === 0 || time > times![t - 1]!)).toBe(true);
    }
    // Other numbers are a table as well.
    expect(tables).toBeGreaterThan(50);
    for (const none of ["", "1", `2${text.slice(1)}`, `${text}A`, "1".repeat(5000)]) {
      expect(unpackTable(none)).toBeUndefined();
    }
  });

  test("has no name that is empty, twice there, or made of signs that are not seen", () => {
    const withNames = (names: readonly string[]) => {
      const packer = new Packer();
      packer.whole(60);
      packer.whole(names.length - 1);
      packer.name(names[0]!);
      packTimes(packer, null);
      for (const name of names.slice(1)) {
        packer.name(name);
        packer.whole(0);
        packer.differences(Array.from({ length: 60 }, (_, t) => t % 7));
      }
      return unpackTable(`1${packer.text}`);
    };
    expect(withNames(["<b>a.csv</b>", "x", "y"])?.columns).toHaveLength(2);
    for (const names of [
      ["a", "x", "x"],
      ["a", ""],
      ["\u0007", "x"],
      ["a", " x"],
      ["a"],
      ["a".repeat(81), "x"],
    ]) {
      expect(withNames(names), names.join()).toBeUndefined();
    }
  });
});

describe("a packed drawing", () => {
  test("is the same drawing, whatever was drawn", () => {
    const wild = Array.from({ length: 240 }, (_, t) => heightNear(t % 2 ? 100 : 0.04));
    for (const drawing of [firstDrawing(), wild]) {
      const text = packDrawing(drawing);
      expect(text).toMatch(/^1[\w-]{300,640}$/);
      expect(unpackDrawing(text)).toEqual(drawing);
    }
  });

  test("of anybody is a drawing or nothing", () => {
    const text = packDrawing(firstDrawing());
    for (const none of [
      "",
      "1",
      "2",
      text.slice(0, -1),
      `${text}A`,
      `2${text.slice(1)}`,
      `1${"_".repeat(300)}`,
    ]) {
      expect(unpackDrawing(none), none).toBeUndefined();
    }
    for (const random of randomTexts(2000, 900)) {
      const drawing = unpackDrawing(`1${random}`);
      expect(
        drawing === undefined || (drawing.length === 240 && drawing.every((y) => y >= 0 && y <= 100)),
      ).toBe(true);
    }
  });
});
