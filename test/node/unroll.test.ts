import { expect, test } from "vitest";
import { unroll } from "../../src/gpu/unroll.ts";

const flat = (code: string) => code.replace(/\s+/g, " ").trim();

test("a marked loop becomes one block a round, each with its constant", () => {
  const code = `let a = 1;
    // @unroll
    for (var i = 0u; i < 3u; i++) {
      if (i > 0u) { sum += x[i]; }
    }
    let b = 2;`;
  expect(flat(unroll(code))).toBe(
    "let a = 1; " +
      [0, 1, 2].map((i) => `{ const i = ${i}u; if (i > 0u) { sum += x[i]; } }`).join(" ") +
      " let b = 2;",
  );
});

test("several loops, one inside the other, are all written out", () => {
  const code = `// @unroll
    for (var i = 0u; i < 2u; i++) {
      // @unroll
      for (var j = 0u; j < 2u; j++) { f(i, j); }
    }`;
  expect(flat(unroll(code)).match(/f\(i, j\);/g)).toHaveLength(4);
  expect(unroll(code)).not.toContain("for");
});

test("loops without the mark stay as they are", () => {
  const code = "for (var i = 0u; i < 2u; i++) { f(i); }";
  expect(unroll(code)).toBe(code);
});

test("a loop that does not end is named", () => {
  expect(() => unroll("// @unroll\n for (var i = 0u; i < 2u; i++) { f(i);")).toThrow(/no closing brace/);
});
