/** The CSV reader: the files it accepts, and what it says about a broken one. */
import { describe, expect, test } from "vitest";
import {
  CsvError,
  type CsvTable,
  holesIn,
  parseCsv,
  selectColumns,
  selectTimes,
} from "../../tasks/csv/table.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";

const numericColumns = (table: CsvTable) => table.columns.filter((name) => holesIn(table, name) === 0);

describe("a CSV file", () => {
  test("is read by columns, whatever its delimiter, line ends and column order", () => {
    for (const [delimiter, end] of [
      [",", "\n"],
      [";", "\r\n"],
      ["\t", "\n"],
    ] as const) {
      const rows = ["date|load|place", "2024-01-01|1.5|a", "", '2024-01-02|-2e3|"b|c"', ""];
      const table = parseCsv(`\uFEFF${rows.join(end).replaceAll("|", delimiter)}`);
      expect(table.columns).toEqual(["date", "load", "place"]);
      expect(table.rows[1]).toEqual(["2024-01-02", "-2e3", `b${delimiter}c`]);
      expect(table.lines).toEqual([2, 4]);
      expect(numericColumns(table)).toEqual(["load"]);
      expect(selectColumns(table, ["load"])).toEqual({ data: Float64Array.of(1.5, -2000), shape: [2, 1] });
    }
  });

  test("reads Seattle's weather as the forecast does", () => {
    const table = parseCsv(seattleCsv);
    expect(numericColumns(table)).toEqual(["precipitation", "temp_max", "temp_min", "wind"]);
    const series = selectColumns(table, ["temp_max", "wind"]);
    expect(series.shape).toEqual([1461, 2]);
    expect([...series.data.subarray(0, 2)]).toEqual([12.8, 4.7]);
    const times = selectTimes(table, "date");
    expect([times[0], times.at(-1)]).toEqual([Date.UTC(2012, 0, 1), Date.UTC(2015, 11, 31)]);
  });

  test("reads dates with and without a time and a zone", () => {
    const days = [
      "2023-12",
      "2024-01-01",
      "2024-01-01 06:00",
      "2024-01-01T09:00+01:00",
      "2024-01-01T08:00:01Z",
    ];
    const table = parseCsv(`t,x\n${days.map((day) => `${day},1`).join("\n")}`);
    const hours = selectTimes(table, "t").map((time) => (time - Date.UTC(2024, 0, 1)) / 3_600_000);
    expect(hours).toEqual([-31 * 24, 0, 6, 8, 8 + 1 / 3600]);
  });

  const complaint = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      if (error instanceof CsvError) return error.message;
      throw error;
    }
    return "no complaint";
  };

  test.each([
    ["", "The file is empty"],
    [" \n\n", "The file is empty"],
    ["a,b\n", "no rows below it"],
    ["a,b\n1,2\n3\n", "Line 3 has 1 cell, but the header has 2 columns."],
    ['a,b\n"1\n2",2\n3,4,5\n', "Line 4 has 3 cells"],
    ['a,b\n1,"2\n3,4\n', 'Line 2: a quote (") is opened and never closed.'],
    ["a,,c\n1,2,3", "Column 2 of the header has no name."],
    ["a,b,a\n1,2,3", 'two columns "a"'],
    ["PNG\0\0\n1", "not a text file"],
  ])("%j throws with the reason", (text, message) => {
    expect(complaint(() => parseCsv(text))).toContain(message);
  });

  test("a bad column throws with the reason and the line", () => {
    const table = parseCsv("day;x;y;z\n2024-01-02;1;1,5;\n2024-01-01;2;2;1e60\n");
    expect(complaint(() => selectColumns(table, ["x", "w"]))).toBe(
      'There is no column "w"; the columns are day, x, y, z.',
    );
    expect(complaint(() => selectColumns(table, []))).toBe("Choose at least one column.");
    expect(complaint(() => selectColumns(table, ["x", "y"]))).toBe(
      'Line 2, column "y": "1,5" is not a number. Write decimals with a point.',
    );
    expect(complaint(() => selectColumns(table, ["z"]))).toContain('Line 2, column "z": the cell is empty');
    expect(numericColumns(table)).toEqual(["x"]);
    expect(complaint(() => selectTimes(table, "day"))).toContain(
      'Line 3, column "day": 2024-01-01 does not come',
    );
    expect(complaint(() => selectTimes(table, "x"))).toContain('this is "1"');
    const february = parseCsv("day,x\n2023-02-29,1\n");
    expect(complaint(() => selectTimes(february, "day"))).toContain('this is "2023-02-29"');
  });
});
