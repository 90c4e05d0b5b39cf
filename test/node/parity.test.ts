/** The parity page: merges the rows that tests record, and never shows a failure as a pass. */
import { describe, expect, it } from "vitest";
import { failures, mergeRows, type ParityRow, parityPage, type Report } from "../../tools/parity-page.ts";
import { float32Budget, recordParity } from "../parity.ts";

type Recorded = Omit<ParityRow, "used"> & { used: number | null };

const row = (section: string, name: string, used: number | null, budget = float32Budget): Recorded => ({
  section,
  row: name,
  budget,
  used,
});

/** A report of one file; each test has a status and rows. */
function report(...tests: [status: string, ...rows: Recorded[]][]): Report {
  const assertionResults = tests.map(([status, ...parity], i) => ({
    fullName: `test ${i}`,
    status,
    meta: parity.length > 0 ? { parity } : {},
  }));
  const status = tests.some(([s]) => s === "failed") ? "failed" : "passed";
  return { testResults: [{ name: "/somewhere/test/browser/a.test.ts", status, assertionResults }] };
}

describe("recordParity", () => {
  it("stores every row in the test's meta, for the JSON report", ({ task }) => {
    recordParity(task, { section: "s", row: "a", budget: float32Budget, used: 0.25 });
    recordParity(task, { section: "s", row: "b", budget: "10 times", used: 0.5 });
    expect(task.meta.parity).toEqual([row("s", "a", 0.25), row("s", "b", 0.5, "10 times")]);
    delete task.meta.parity; // not for the page
  });
});

describe("mergeRows", () => {
  it("takes the largest share and counts tests, not comparisons", () => {
    const rows = mergeRows(
      report(
        ["passed", row("nn.GRU", "bias", 0.1), row("nn.GRU", "bias", 0.7)],
        ["passed", row("nn.GRU", "bias", 0.3), row("nn.GRU", "no bias", 0.2)],
        ["passed"],
      ),
    );
    expect(rows).toEqual([
      { section: "nn.GRU", row: "bias", budget: float32Budget, used: 0.7, tests: 2, passed: true },
      { section: "nn.GRU", row: "no bias", budget: float32Budget, used: 0.2, tests: 1, passed: true },
    ]);
  });

  it("keeps rows with different budgets apart, and sorts numbers numerically", () => {
    const rows = mergeRows(
      report([
        "passed",
        row("b", "x", 0),
        row("a", "10 steps", 0),
        row("a", "9 steps", 0, "wide"),
        row("a", "9 steps", 0),
      ]),
    );
    expect(rows.map(({ section, row: name, budget }) => `${section} ${name} ${budget}`)).toEqual([
      `a 9 steps ${float32Budget}`,
      "a 9 steps wide",
      `a 10 steps ${float32Budget}`,
      `b x ${float32Budget}`,
    ]);
  });

  it.each<[string, Report]>([
    ["a share over 1", report(["passed", row("s", "r", 1.01)], ["passed", row("s", "r", 0.1)])],
    ["a non-finite share", report(["passed", row("s", "r", null)])],
    ["a test that failed after the row", report(["failed", row("s", "r", 0.5)])],
    ["an unfinished test", report(["skipped", row("s", "r", 0.5)])],
  ])("fails a row for %s", (_, given) => {
    expect(mergeRows(given)).toMatchObject([{ passed: false }]);
    const page = parityPage(given, "");
    expect(page).toContain("**1 of 1 row fail.**");
    expect(page).toMatch(/^\| r \| .* \| \*\*FAIL\*\* \|$/m);
  });
});

describe("parityPage", () => {
  it("has one table for each section, then the list of missing features", () => {
    const page = parityPage(
      report(
        ["passed", row("nn.LSTM", "a|b", 0.004), row("optim.Adam", "amsgrad", 0.251, "2 times: a reason")],
        ["passed", row("nn.LSTM", "exact", 0)],
      ),
      "## Missing\n\n- much\n",
    );
    expect(page).toContain("**All 3 rows pass.**");
    expect(page).toContain(
      [
        "## nn.LSTM",
        "",
        "| case | tests | budget | largest share used | |",
        "|---|---|---|---|---|",
        "| a\\|b | 1 | torch float32 default | under 1 % | pass |",
        "| exact | 1 | torch float32 default | 0 % | pass |",
        "",
        "## optim.Adam",
      ].join("\n"),
    );
    expect(page).toContain("| amsgrad | 1 | 2 times: a reason | 26 % | pass |");
    expect(page.endsWith("\n## Missing\n\n- much\n")).toBe(true);
    expect(page).not.toContain("failures");
  });

  it("names failed tests and files that have no row", () => {
    const good = report(["passed", row("s", "r", 0.5)], ["failed"]);
    const broken = { name: "/somewhere/test/node/b.test.ts", status: "failed", assertionResults: [] };
    const given = { testResults: [...good.testResults, broken] };
    expect(failures(given)).toEqual([
      "test/browser/a.test.ts: test 1",
      "test/node/b.test.ts: could not be run",
    ]);
    const page = parityPage(given, "");
    expect(page).toContain("**1 row pass, but the test run had failures.**");
    expect(page).toContain("rows may be missing:\n\n- test/browser/a.test.ts: test 1\n- test/node/b.test.ts");
  });
});
