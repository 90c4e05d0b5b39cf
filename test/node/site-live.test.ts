/** The programs of the site's live examples: what a reader may write, print, plot and throw. */
import { expect, test } from "vitest";
import { failure } from "../../site/live/failure.ts";
import { brokenLine, toJavaScript } from "../../site/live/javascript.ts";
import { Plots } from "../../site/live/plots.ts";
import { LINES, printer } from "../../site/live/printer.ts";
import type { Report } from "../../site/live/protocol.ts";
import { showValue } from "../../site/live/show-value.ts";

test.each([
  ["const a = x as unknown as Map<string, number>;", `const a = x ${" ".repeat(33)};`],
  ["f(a!, b![0]!, !c);", "f(a , b [0] , !c);"],
  [
    "class A<T> extends B<T> implements C { private readonly d?: T; }",
    "class A    extends B                 {                  d    ; }",
  ],
  ['import type { A } from "a";', ""],
  ['import { type A, b, c as d } from "m";', 'const { b, c: d } = globalThis.__modules("m");'],
  ['import * as m from "m";', 'const m = globalThis.__modules("m");'],
  ["interface A { b: number }\nlet c = 1;", "\nlet c = 1;"],
])("erases the types of %s", (source, expected) => {
  const trimmed = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n");
  expect(trimmed(toJavaScript(source))).toBe(trimmed(expected));
});

test.each([
  ["import { nn } from 'webgpu-lstm';", 'const { nn } = globalThis.__modules("webgpu-lstm");'],
  [
    'import {\n  nn, // layers, all of them\n  /* and */ optim,\n} from "m";',
    'const { nn, optim } = globalThis.__modules("m");\n\n\n',
  ],
])("finds what %j imports", (source, expected) => {
  expect(toJavaScript(source).replace(/ +$/gm, "")).toBe(expected);
});

test.each([
  ["const a = 1;\nlet b: number = a;\n", 0],
  ["const a = 1;\nconst b = (a + ;\nconst c = 2;", 2],
  ["function f() {\n  return 1;\n", 2],
])("the line of %j that cannot be parsed is %i", (source, line) => {
  expect(brokenLine(source)).toBe(line);
});

test("a program prints any value in one line", () => {
  const circle: Record<string, unknown> = { a: 1 };
  circle["self"] = circle;
  for (const [value, expected] of [
    ["text", "text"],
    [{ text: "a", list: [1, -0, "b"], big: 2n }, '{ text: "a", list: [1, -0, "b"], big: 2n }'],
    [new Float32Array(14), "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, … 2 more]"],
    [circle, "{ a: 1, self: [circular] }"],
    [Object.create(null), "{}"],
    [new Map<unknown, unknown>([["a", new Set([1, 2])]]), 'Map(1) { "a" => Set(2) { 1, 2 } }'],
    [Promise.resolve(1), "Promise (await it for its value)"],
    [
      new (class Net {
        lr = 0.1;
        inner = { a: { b: { c: 1 } } };
      })(),
      "Net { lr: 0.1, inner: { a: { b: Object {…} } } }",
    ],
    [new TypeError("wrong"), "TypeError: wrong"],
    [[undefined, null, Symbol("s"), () => 1], "[undefined, null, Symbol(s), [Function: anonymous]]"],
    [Object.defineProperty({}, "a", { enumerable: true, get: () => raise() }), "[object Object]"],
  ])
    expect(showValue(value)).toBe(expected);
});

function raise(): never {
  throw new Error("a getter");
}

test("an endless loop that prints or plots sends the page no more than it can show", () => {
  const told: Report[] = [];
  const { log, error } = printer((report) => told.push(report)) as Console;
  for (let i = 0; i < 50_000; i++) log(i);
  error("x".repeat(1e6));
  expect(told).toHaveLength(LINES + 1);
  expect(told.at(-1)).toMatchObject({ text: "… 1000 lines are shown, and no more" });

  told.length = 0;
  const plots = new Plots((report) => told.push(report));
  for (let i = 0; i < 50_000; i++) plots.plot("loss", { loss: [i] });
  plots.flush();
  expect(told.length).toBeLessThan(100);
  expect(told.at(-1)).toEqual({ kind: "plot", title: "loss", lines: { loss: [49_999] } });
  expect(() => plots.plot("loss", [1, 2] as never)).toThrow(
    'as in plot("loss", { loss: [3, 2, 1] }), got [1, 2]',
  );
});

test("a failed program is told with its line, whatever it throws", () => {
  const error = Object.assign(new RangeError("wrong"), { stack: "RangeError: wrong\n    at blob:x/1:7:3" });
  expect(failure(error, "blob:x/1", 0)).toBe("RangeError: wrong\n(line 7)");
  expect(failure(new SyntaxError("unexpected"), "blob:x/1", 3)).toBe("SyntaxError: unexpected\n(line 3)");
  expect(failure(null, "blob:x/1", 0)).toBe("Thrown, and not an Error: null");
});
