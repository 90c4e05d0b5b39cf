import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bundleComplaints, shimOf } from "./engines-bundle.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => {
  const url = new URL(path, root);
  return existsSync(url) ? readFileSync(url, "utf8") : undefined;
};
const shim = shimOf(read("tools/engines/vitest.ts")!);
const tests = readdirSync(new URL("test/browser", root), { recursive: true, encoding: "utf8" })
  .map((name) => `test/browser/${name.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".test.ts") || path.endsWith("/setup.ts"));

test("browser tests take nothing from Vitest that the engines' bundle lacks", () => {
  expect(tests.length).toBeGreaterThan(100);
  expect(bundleComplaints(tests, read, shim)).toEqual([]);
});

test("the bundle's module has what Vitest's tests begin with", () => {
  expect([...shim.values]).toEqual(
    expect.arrayContaining([
      "afterAll",
      "afterEach",
      "beforeAll",
      "beforeEach",
      "describe",
      "expect",
      "test",
      "vi",
    ]),
  );
  expect([...shim.spies]).toContain("spyOn");
});

describe("the check sees", () => {
  const complaints = (text: string, others: Record<string, string> = {}) => {
    const files: Record<string, string> = { "test/browser/a.test.ts": text, ...others };
    return bundleComplaints(["test/browser/a.test.ts"], (path) => files[path], {
      values: new Set(["expect", "test", "vi"]),
      spies: new Set(["spyOn"]),
    });
  };

  test("no complaint in a sound file", () => {
    expect(
      complaints('import { expect, type it, test as check, vi } from "vitest"; vi.spyOn(a, "b");'),
    ).toEqual([]);
    expect(complaints('import type { it } from "vitest"; import type { T } from "./b.ts";')).toEqual([]);
  });

  test.each([
    ['import { it } from "vitest";', "imports it"],
    ['import { it as test } from "vitest";', "imports it"],
    ['import { vi } from "vitest"; vi.useFakeTimers();', "uses vi.useFakeTimers"],
    ['import * as vitest from "vitest";', "imports all of vitest"],
    ['import vitest from "vitest";', "imports all of vitest"],
    ['import { page } from "vitest/browser";', "imports vitest/browser"],
  ])("%s", (text, complaint) => {
    expect(complaints(text)).toEqual([`test/browser/a.test.ts ${complaint}`]);
  });

  test("what files that a test imports take", () => {
    const helper = { "test/helper.ts": 'import { it } from "vitest";' };
    for (const text of [
      'import "../helper.ts";',
      'export * from "../helper.ts";',
      'await import("../helper.ts");',
    ])
      expect(complaints(text, helper)).toEqual(["test/helper.ts imports it"]);
  });

  test("a module whose exports it cannot read", () => {
    expect(() => shimOf('export * from "@vitest/runner";')).toThrow("expected names");
    expect(() => shimOf("export const vi = make();")).toThrow("no object");
  });
});
