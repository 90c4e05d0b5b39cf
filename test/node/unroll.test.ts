import { expect, test } from "vitest";
import { Kernel } from "../../src/gpu/kernel.ts";
import { unroll } from "../../src/gpu/unroll.ts";
import { OnDemand } from "../../src/ondemand.ts";

const flat = (code: string) => code.replace(/\s+/g, " ").trim();

test("expands a marked loop into one block a round, each with its constant", () => {
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

test("expands nested loops", () => {
  const code = `// @unroll
    for (var i = 0u; i < 2u; i++) {
      // @unroll
      for (var j = 0u; j < 2u; j++) { f(i, j); }
    }`;
  expect(flat(unroll(code)).match(/f\(i, j\);/g)).toHaveLength(4);
  expect(unroll(code)).not.toContain("for");
});

test("accepts a constant of the file as a loop's limit", () => {
  const code = (limit: string) => `const ${limit} = 3u;
// @unroll
for (var i = 0u; i < DEPTH; i++) { f(i); }`;
  expect(flat(unroll(code("DEPTH"))).match(/f\(i\);/g)).toHaveLength(3);
  expect(() => unroll(code("OTHER"))).toThrow(/no line "const DEPTH/);
});

test("leaves loops without the mark unchanged", () => {
  const code = "for (var i = 0u; i < 2u; i++) { f(i); }";
  expect(unroll(code)).toBe(code);
});

test("names a loop that does not end", () => {
  expect(() => unroll("// @unroll\n for (var i = 0u; i < 2u; i++) { f(i);")).toThrow(/no closing brace/);
});

test("a kernel with other constants is one object for the same values, and refuses an unknown constant", async () => {
  const texts = new OnDemand(async () => ({ f: "const DEPTH = 3u;\n" }));
  await texts.load();
  const kernel = new Kernel({
    name: "f",
    texts,
    workgroup: [1, 1, 1],
    params: {},
    bindings: {},
  });
  expect(kernel.with({ DEPTH: 5 }).code).toContain("const DEPTH = 5u;");
  expect(kernel.with({ DEPTH: 5 })).toBe(kernel.with({ DEPTH: 5 }));
  expect(kernel.code).toContain("const DEPTH = 3u;");
  expect(() => kernel.with({ WIDTH: 5 }).code).toThrow(/no line "const WIDTH/);
});
