import { expect, test } from "vitest";
import { readHalves } from "../../src/gpu/half-text.ts";

const flat = (code: string) => code.replace(/\s+/g, " ").trim();
const declared = (type: string) => `@group(0) @binding(2) var<storage, read> weight: array<${type}>;`;

test("a binding of numbers becomes words of two, and every access a call", () => {
  const code = `${declared("f32")}
fn f(i: u32) -> f32 { return weight[i] + weight[u32(at[i]) * 2u + 1u] + x.weight[i] + weight2[i]; }`;
  expect(flat(readHalves(code, "weight"))).toBe(
    `${declared("u32")} fn f(i: u32) -> f32 { return halfAt(i) + halfAt(u32(at[i]) * 2u + 1u) + x.weight[i] + weight2[i]; } ` +
      "fn halfAt(at: u32) -> f32 { let two = unpack2x16float(weight[at >> 1u]); return select(two.x, two.y, (at & 1u) != 0u); }",
  );
});

test("a binding of vec4f becomes pairs of words", () => {
  const code = `${declared("vec4f")}\nlet value = weight[i];`;
  expect(flat(readHalves(code, "weight"))).toBe(
    `${declared("vec2u")} let value = halfAt(i); fn halfAt(at: u32) -> vec4f { let four = weight[at]; ` +
      "return vec4f(unpack2x16float(four.x), unpack2x16float(four.y)); }",
  );
});

test("an access in the index of another is a call too", () => {
  const code = `${declared("f32")}\nlet value = weight[u32(weight[i])];`;
  expect(readHalves(code, "weight")).toContain("let value = halfAt(u32(halfAt(i)));");
});
