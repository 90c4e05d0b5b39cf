/** Values in a checkpoint's JSON: each comes back with its own kind. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "webgpu-lstm";
import type { Json } from "../../src/io/json.ts";
import { pack, unpack } from "../../src/train/plain-json.ts";

const through = (value: unknown) => unpack(JSON.parse(JSON.stringify(pack(value))) as Json);

/** Plain values, with many objects that look like what pack makes of numbers and of objects. */
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, null, true, false),
    fc.constantFrom("NaN", "Infinity", "-Infinity", "-0", "7", "seven", ""),
    fc.double(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("number", "object"), tie("value"), { maxKeys: 1, noNullPrototype: true }),
    fc.dictionary(fc.oneof(fc.constantFrom("number", "object", "__proto__"), fc.string()), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

describe("a value in JSON", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(through(value)).toStrictEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    [{ number: "seven" }],
    [{ number: "7" }],
    [{ number: "NaN" }],
    [{ number: Number.NaN }],
    [{ number: 7 }],
    [{ object: { number: "NaN" } }],
    [{ object: null }],
    [{ object: { object: { a: -0 } } }],
    [{ number: "NaN", unit: "s" }],
    [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, "NaN"]],
  ])("comes back as it was: %o", (value) => {
    expect(through(value)).toStrictEqual(value);
  });

  test("loses entries that are undefined", () => {
    expect(through({ a: undefined, number: "x" })).toStrictEqual({ number: "x" });
  });

  test("that pack does not give is refused", () => {
    for (const json of [
      { number: "seven" },
      { number: 7 },
      { number: null },
      { object: [] },
      { object: 1 },
    ]) {
      expect(() => unpack(json)).toThrow(DataError);
    }
    expect(() => unpack({ number: "seven" })).toThrow(
      'a number must be one of NaN, Infinity, -Infinity, -0, got "seven"',
    );
  });
});
