/** Makes the parity page, as Markdown, from Vitest's JSON report; `tools/make-parity.ts` writes it. */

/** One comparison with PyTorch, which a test records with `recordParity`. */
export interface ParityRow {
  /** The page's section: a class, such as `nn.LSTM`. */
  readonly section: string;
  /** The row in it: an option or a case, such as `bidirectional, 2 layers`. Equal rows are merged. */
  readonly row: string;
  /** The allowed difference: PyTorch's default for float32, or a factor of it with its reason. */
  readonly budget: string;
  /** The largest share of the budget that any value used; more than 1 is a failure. */
  readonly used: number;
}

/** The parts of Vitest's JSON report that are read. JSON has no infinity: an infinite or NaN share arrives as null. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly meta?: { readonly parity?: readonly RecordedRow[] };
    }[];
  }[];
}

type RecordedRow = Omit<ParityRow, "used"> & { readonly used: number | null };

/** One line of the page: every comparison of the same section, row and budget. */
export interface MergedRow extends ParityRow {
  /** The number of tests with one of its comparisons. */
  readonly tests: number;
  /** Whether every comparison kept its budget and every one of those tests passed. */
  readonly passed: boolean;
}

/** The merged rows of the report's tests, by section and row in natural order. */
export function mergeRows(report: Report): MergedRow[] {
  const merged = new Map<string, MergedRow>();
  for (const { assertionResults } of report.testResults) {
    for (const { status, meta } of assertionResults) {
      const seen = new Set<string>();
      for (const { section, row, budget, used } of meta?.parity ?? []) {
        const key = JSON.stringify([section, row, budget]);
        const share = used ?? Number.POSITIVE_INFINITY;
        const before = merged.get(key) ?? { section, row, budget, used: 0, tests: 0, passed: true };
        merged.set(key, {
          ...before,
          used: Math.max(before.used, share),
          tests: before.tests + (seen.has(key) ? 0 : 1),
          passed: before.passed && share <= 1 && status === "passed",
        });
        seen.add(key);
      }
    }
  }
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return [...merged.values()].sort(
    (a, b) => order(a.section, b.section) || order(a.row, b.row) || order(a.budget, b.budget),
  );
}

/** The tests and files that failed; if there are any, rows may be missing. */
export function failures(report: Report): string[] {
  return report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = name.replace(/^.*\/(?=test\/)/, "");
    const failed = assertionResults.filter((result) => result.status === "failed");
    if (failed.length === 0 && status === "failed") return [`${file}: could not be run`];
    return failed.map(({ fullName }) => `${file}: ${fullName}`);
  });
}

/**
 * The page, in Markdown.
 * @param missing the list of what this library lacks, in Markdown
 */
export function parityPage(report: Report, missing: string): string {
  const rows = mergeRows(report);
  const failed = failures(report);
  const failing = rows.filter(({ passed }) => !passed).length;
  const lines = [
    "# Parity with PyTorch",
    "",
    "Every row compares what this library computes on the GPU in float32 with what PyTorch computes on the CPU: outputs,",
    "states, losses, gradients, and what an optimizer makes of them. PyTorch works in float64 on the same float32 inputs,",
    "unless a row says otherwise, so that only one side's rounding is seen.",
    "",
    "The budget is what a value may differ by: that of `torch.testing.assert_close` for float32, 1.3e-6 of the value plus 1e-5,",
    "unless a row states its own. The 1e-5 is scaled down with the tensor's largest value, so that small gradients count. The",
    "share is that of the worst value of all the row's tests.",
    "",
    "Made from the results of `npm test` by `npm run parity`; only the list at the end is kept by hand.",
    "",
    failing > 0
      ? `**${failing} of ${count(rows.length, "row")} fail.**`
      : failed.length > 0
        ? `**${count(rows.length, "row")} pass, but the test run had failures.**`
        : `**All ${count(rows.length, "row")} pass.**`,
    "",
  ];
  if (failed.length > 0) {
    lines.push("These tests failed, so rows may be missing:", "");
    lines.push(...failed.map((name) => `- ${cell(name)}`), "");
  }
  for (const section of new Set(rows.map((row) => row.section))) {
    const members = rows.filter((row) => row.section === section);
    lines.push(
      `## ${section}`,
      "",
      "| case | tests | budget | largest share used | |",
      "|---|---|---|---|---|",
    );
    for (const { row, tests, budget, used, passed } of members) {
      const cells = [cell(row), tests, cell(budget), showShare(used), passed ? "pass" : "**FAIL**"];
      lines.push(`| ${cells.join(" | ")} |`);
    }
    lines.push("");
  }
  return `${lines.join("\n")}\n${missing.trimEnd()}\n`;
}

function showShare(used: number): string {
  if (!Number.isFinite(used)) return "not a number";
  const percent = used * 100;
  return percent > 0 && percent < 1 ? "under 1 %" : `${Math.ceil(percent)} %`;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
