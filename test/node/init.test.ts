import { describe, expect, it, test } from "vitest";
import { DisposedError, OptionError, ShapeError } from "../../src/errors.ts";
import { Parameter } from "../../src/graph/parameter.ts";
import * as init from "../../src/nn/init.ts";
import { defaultGenerator, Generator, manualSeed } from "../../src/random.ts";
import { floatsFromHex, goldenJson } from "../goldens.ts";
import { recordParity } from "../parity.ts";
import { wrong } from "../refusal.ts";

const golden = goldenJson<{
  cases: {
    function: string;
    options: Record<string, number | string>;
    values: { shape: number[]; values: string }[];
  }[];
  gains: { nonlinearity: init.Nonlinearity; param?: number; gain: number }[];
}>("init.json");

const parameterOf = (shape: number[]) =>
  new Parameter(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(7));

/** Calls the function by PyTorch's name with its options; `generator` only if one is given. */
function call(name: string, parameter: Parameter, options: Record<string, unknown>): Parameter {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const run = (init as unknown as Record<string, (p: Parameter, options?: unknown) => Parameter>)[camel]!;
  if (name === "zeros_" || name === "ones_") return run(parameter);
  if (name === "constant_") return run(parameter, options["val"]);
  return run(parameter, options);
}

/** Largest difference, in units of float32's resolution at the tensor's largest value. */
function worst(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const unit = 2 ** (Math.floor(Math.log2(largest)) - 23);
  return actual.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!) / unit), 0);
}

const same = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/** Allowed difference from PyTorch, with the reason. */
function allowed(name: string, size: number): { units: number; budget: string } {
  // In these cases PyTorch's float32 QR differs by up to 2.3 units from its float64 one.
  if (name === "orthogonal_") {
    return {
      units: 3,
      budget: "3 units of float32 at the largest value: PyTorch's QR is in float32, here it is in float64",
    };
  }
  if (name.includes("normal") && size >= 16) {
    return {
      units: 2,
      budget:
        "2 units of float32 at the largest value: PyTorch approximates log and cos, see Generator.normal_",
    };
  }
  return { units: 0, budget: "bit for bit" };
}

describe("init against torch.nn.init", () => {
  test.for(golden.cases)("$function $options", async ({ function: name, options, values }, { task }) => {
    manualSeed(700);
    const generator = new Generator(700);
    for (const { shape, values: hex } of values) {
      const parameter = parameterOf(shape);
      expect(call(name, parameter, options)).toBe(parameter);
      const { data } = await parameter.read();
      const expected = floatsFromHex(hex);
      const { units, budget } = allowed(name, data.length);
      const off = units > 0 ? worst(data, expected) / units : same(data, expected) ? 0 : Infinity;
      const settings = Object.entries(options).map(([key, value]) => {
        return `${key} = ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`;
      });
      const size = name.includes("normal")
        ? [data.length < 16 ? "below 16 values" : "from 16 values on"]
        : [];
      const row = [name, ...settings, ...size].join(", ");
      recordParity(task, { section: "nn.init", row, budget, used: off });
      expect(off).toBeLessThanOrEqual(1);
      const again = parameterOf(shape);
      const drawn = !["constant_", "zeros_", "ones_"].includes(name);
      call(name, again, drawn ? { ...options, generator } : options);
      expect((await again.read()).data).toEqual(data);
    }
    expect(generator.getState()).toEqual(
      ["constant_", "zeros_", "ones_"].includes(name)
        ? new Generator(700).getState()
        : defaultGenerator.getState(),
    );
  });

  it.each(golden.gains)("calculateGain $nonlinearity $param", ({ nonlinearity, param, gain }) => {
    expect(init.calculateGain(nonlinearity, param)).toBe(gain);
  });
});

describe("init.orthogonal_", () => {
  it.each([
    [1, 9],
    [40, 40],
    [200, 50],
    [50, 200],
  ])("makes the fewer of %i rows and %i columns orthonormal, times the gain", async (rows, columns) => {
    const { data } = await init.orthogonal_(parameterOf([rows, columns]), { gain: 3 }).read();
    const at = (i: number, k: number) => (rows < columns ? data[i * columns + k]! : data[k * columns + i]!);
    const [few, many] = [Math.min(rows, columns), Math.max(rows, columns)];
    for (let i = 0; i < few; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < many; k++) product += at(i, k) * at(j, k);
        expect(Math.abs(product - (i === j ? 9 : 0))).toBeLessThan(1e-5);
      }
    }
  });
});

describe("init refuses", () => {
  const bias = parameterOf([3]);
  const weight = parameterOf([2, 2]);

  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    [
      "something that is not a parameter",
      () => init.uniform_(wrong({})),
      OptionError,
      /^init\.uniform_: expected a Parameter/,
    ],
    ["an unknown option", () => init.normal_(weight, wrong({ sdt: 1 })), OptionError, /unknown option "sdt"/],
    [
      "an invalid generator",
      () => init.normal_(weight, wrong({ generator: 1 })),
      OptionError,
      /a Generator, got 1/,
    ],
    ["reversed bounds", () => init.uniform_(weight, { a: 1, b: 0 }), OptionError, /b must be .* at least a/],
    ["an infinite bound", () => init.uniform_(weight, { a: -Infinity }), OptionError, /a must be a finite/],
    ["a negative deviation", () => init.normal_(weight, { std: -1 }), OptionError, /std must be .* got -1/],
    [
      "no value",
      () => init.constant_(weight, wrong(undefined)),
      OptionError,
      /^init\.constant_: value must be/,
    ],
    [
      "a negative gain",
      () => init.xavierUniform_(weight, { gain: -1 }),
      OptionError,
      /gain must be .* got -1/,
    ],
    ["a bias for xavier", () => init.xavierNormal_(bias), ShapeError, /at least two dimensions, got \[3\]/],
    [
      "a bias for kaiming",
      () => init.kaimingNormal_(bias),
      ShapeError,
      /^init\.kaimingNormal_: .* two dimensions/,
    ],
    [
      "a bias for orthogonal",
      () => init.orthogonal_(bias),
      ShapeError,
      /^init\.orthogonal_: .* two dimensions/,
    ],
    [
      "a mode",
      () => init.kaimingUniform_(weight, wrong({ mode: "fanin" })),
      OptionError,
      /mode must be .* got "fanin"/,
    ],
    [
      "a nonlinearity",
      () => init.kaimingUniform_(weight, wrong({ nonlinearity: "gelu" })),
      OptionError,
      /^init\.kaimingUniform_: nonlinearity must be .* got "gelu"/,
    ],
    [
      "a gain's slope",
      () => init.calculateGain("leaky_relu", Number.NaN),
      OptionError,
      /negative slope must be/,
    ],
  ])("%s", (_, attempt, type, message) => {
    const before = defaultGenerator.getState();
    expect(attempt).toThrow(type);
    expect(attempt).toThrow(message);
    expect(defaultGenerator.getState()).toEqual(before);
  });

  it("a disposed parameter, before drawing", () => {
    const gone = parameterOf([2, 2]);
    gone.dispose();
    const before = defaultGenerator.getState();
    expect(() => init.orthogonal_(gone)).toThrow(DisposedError);
    expect(() => init.zeros_(gone)).toThrow(/^init\.zeros_: the parameter's model was disposed/);
    expect(defaultGenerator.getState()).toEqual(before);
  });

  it("and leaves the parameter unchanged", async () => {
    expect([...(await weight.read()).data, ...(await bias.read()).data]).toEqual(Array(7).fill(7));
  });
});
