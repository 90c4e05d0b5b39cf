/**
 * Initial values, as `torch.nn.init`: each function changes a parameter in place and returns it, whether it is on the host or on a
 * device. They draw in PyTorch's order, from the default generator unless given another, so the same seed gives the same
 * values: uniform ones bit for bit, normal ones as described at `Generator.normal_`.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html
 * @packageDocumentation
 */
import { checkNoMore, checkNumber, checkOptions, show } from "../checks.ts";
import { DisposedError, OptionError, ShapeError } from "../errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { defaultGenerator, Generator } from "../random.ts";
import { showShape, sizeOf } from "../shape.ts";

/** Option of every function that draws. */
export interface DrawOptions {
  /** Default {@link defaultGenerator}. */
  readonly generator?: Generator;
}

export interface UniformOptions extends DrawOptions {
  /** Lower bound. Default 0. */
  readonly a?: number;
  /** Upper bound. Default 1. */
  readonly b?: number;
}

export interface NormalOptions extends DrawOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation. Default 1. */
  readonly std?: number;
}

export interface GainOptions extends DrawOptions {
  /** Factor on all values, such as {@link calculateGain} returns. Default 1. */
  readonly gain?: number;
}

/** The nonlinearity after the layer, which determines the scale. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leaky_relu" | "selu";

export interface KaimingOptions extends DrawOptions {
  /** Negative slope if the nonlinearity is `leaky_relu`. Default 0. */
  readonly a?: number;
  /** Which variance to preserve: forward (`fan_in`) or backward (`fan_out`). Default `fan_in`. */
  readonly mode?: "fan_in" | "fan_out";
  /** Default `leaky_relu`. */
  readonly nonlinearity?: Nonlinearity;
}

/** Values uniform in [a, b). */
export function uniform_(parameter: Parameter, options: UniformOptions = {}, ...more: never[]): Parameter {
  const where = "init.uniform_";
  const generator = check(where, parameter, options, more, ["a", "b"]);
  const { a = 0, b = 1 } = options;
  checkNumber(where, "a", a, "a finite number", () => true);
  checkNumber(where, "b", b, `a finite number of at least a (${a})`, (n) => n >= a);
  return fill(parameter, (out) => generator.uniform_(out, a, b));
}

/** Normal values. */
export function normal_(parameter: Parameter, options: NormalOptions = {}, ...more: never[]): Parameter {
  const where = "init.normal_";
  const generator = check(where, parameter, options, more, ["mean", "std"]);
  const { mean = 0, std = 1 } = options;
  checkNumber(where, "mean", mean, "a finite number", () => true);
  checkNumber(where, "std", std, "a finite number of at least 0", (n) => n >= 0);
  return fill(parameter, (out) => generator.normal_(out, mean, std));
}

/** The same value everywhere. */
export function constant_(parameter: Parameter, value: number, ...more: never[]): Parameter {
  check("init.constant_", parameter, {}, more);
  checkNumber("init.constant_", "value", value, "a finite number", () => true);
  return fill(parameter, (out) => out.fill(value));
}

/** Zeros. */
export function zeros_(parameter: Parameter, ...more: never[]): Parameter {
  check("init.zeros_", parameter, {}, more);
  return fill(parameter, (out) => out);
}

/** Ones. */
export function ones_(parameter: Parameter, ...more: never[]): Parameter {
  check("init.ones_", parameter, {}, more);
  return fill(parameter, (out) => out.fill(1));
}

/**
 * Uniform with the variance gain² · 2 / (fan_in + fan_out) (Glorot & Bengio, 2010).
 * @throws {@link ShapeError} if the parameter has fewer than two dimensions.
 */
export function xavierUniform_(parameter: Parameter, options: GainOptions = {}, ...more: never[]): Parameter {
  const { generator, std } = xavier("init.xavierUniform_", parameter, options, more);
  return fill(parameter, (out) => generator.uniform_(out, -Math.sqrt(3) * std, Math.sqrt(3) * std));
}

/**
 * Normal with the variance gain² · 2 / (fan_in + fan_out) (Glorot & Bengio, 2010).
 * @throws {@link ShapeError} if the parameter has fewer than two dimensions.
 */
export function xavierNormal_(parameter: Parameter, options: GainOptions = {}, ...more: never[]): Parameter {
  const { generator, std } = xavier("init.xavierNormal_", parameter, options, more);
  return fill(parameter, (out) => generator.normal_(out, 0, std));
}

/**
 * Uniform with the variance gain² / fan and the gain of the nonlinearity (He et al., 2015).
 * @throws {@link ShapeError} if the parameter has fewer than two dimensions.
 */
export function kaimingUniform_(
  parameter: Parameter,
  options: KaimingOptions = {},
  ...more: never[]
): Parameter {
  const { generator, std } = kaiming("init.kaimingUniform_", parameter, options, more);
  return fill(parameter, (out) => generator.uniform_(out, -Math.sqrt(3) * std, Math.sqrt(3) * std));
}

/**
 * Normal with the variance gain² / fan and the gain of the nonlinearity (He et al., 2015).
 * @throws {@link ShapeError} if the parameter has fewer than two dimensions.
 */
export function kaimingNormal_(
  parameter: Parameter,
  options: KaimingOptions = {},
  ...more: never[]
): Parameter {
  const { generator, std } = kaiming("init.kaimingNormal_", parameter, options, more);
  return fill(parameter, (out) => generator.normal_(out, 0, std));
}

/**
 * A matrix [first dimension, all others] with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al.,
 * 2013). PyTorch decomposes in float32, this library in float64: the values agree up to float32 rounding.
 *
 * @throws {@link ShapeError} if the parameter has fewer than two dimensions.
 */
export function orthogonal_(parameter: Parameter, options: GainOptions = {}, ...more: never[]): Parameter {
  const where = "init.orthogonal_";
  const generator = check(where, parameter, options, more, ["gain"]);
  const { gain = 1 } = options;
  checkNumber(where, "gain", gain, "a finite number", () => true);
  const { columns } = matrixOf(where, parameter);
  return fill(parameter, (out) => {
    generator.normal_(out);
    const rows = out.length / columns;
    const vectors = Array.from({ length: Math.min(rows, columns) }, (_, i) =>
      rows < columns
        ? Float64Array.from(out.subarray(i * columns, (i + 1) * columns))
        : Float64Array.from({ length: rows }, (_, row) => out[row * columns + i]!),
    );
    orthonormalize(vectors);
    for (const [i, vector] of vectors.entries()) {
      for (const [j, value] of vector.entries()) {
        out[rows < columns ? i * columns + j : j * columns + i] = gain * value;
      }
    }
    return out;
  });
}

/**
 * The recommended gain of {@link xavierUniform_} and similar functions for a nonlinearity, as `torch.nn.init.calculate_gain`.
 * @param param the negative slope of `leaky_relu`; default 0.01
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number, ...more: never[]): number {
  checkNoMore("init.calculateGain", more);
  return gainOf("init.calculateGain", nonlinearity, param ?? 0.01);
}

function gainOf(where: string, nonlinearity: Nonlinearity, slope: number): number {
  checkNumber(where, "the negative slope", slope, "a finite number", () => true);
  switch (nonlinearity) {
    case "linear":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.sqrt(2);
    case "leaky_relu":
      return Math.sqrt(2 / (1 + slope * slope));
    case "selu":
      return 3 / 4;
    default:
      throw new OptionError(
        `${where}: nonlinearity must be "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu", got ${show(nonlinearity)}`,
      );
  }
}

function xavier(where: string, parameter: Parameter, options: GainOptions, more: readonly never[]) {
  const generator = check(where, parameter, options, more, ["gain"]);
  const { gain = 1 } = options;
  checkNumber(where, "gain", gain, "a finite number of at least 0", (n) => n >= 0);
  const { fanIn, fanOut } = matrixOf(where, parameter);
  return { generator, std: gain * Math.sqrt(2 / (fanIn + fanOut)) };
}

function kaiming(where: string, parameter: Parameter, options: KaimingOptions, more: readonly never[]) {
  const generator = check(where, parameter, options, more, ["a", "mode", "nonlinearity"]);
  const { a = 0, mode = "fan_in", nonlinearity = "leaky_relu" } = options;
  if (mode !== "fan_in" && mode !== "fan_out") {
    throw new OptionError(`${where}: mode must be "fan_in" or "fan_out", got ${show(mode)}`);
  }
  const { fanIn, fanOut } = matrixOf(where, parameter);
  return { generator, std: gainOf(where, nonlinearity, a) / Math.sqrt(mode === "fan_in" ? fanIn : fanOut) };
}

/** The parameter as a matrix, with its fan-in and fan-out. */
function matrixOf(where: string, { shape }: Parameter): { columns: number; fanIn: number; fanOut: number } {
  const [first, second] = shape;
  if (first === undefined || second === undefined) {
    throw new ShapeError(
      `${where}: the parameter must have at least two dimensions, got ${showShape(shape)}; for a bias use uniform_ or zeros_`,
    );
  }
  const columns = sizeOf(shape) / first;
  return { columns, fanIn: columns, fanOut: (first * columns) / second };
}

/**
 * Orthonormalizes vectors in place: the unique Q of a QR decomposition with a positive diagonal of R. Gram-Schmidt, applied
 * twice to each vector, since one pass leaves a rounding error that grows with the matrix's condition number.
 */
function orthonormalize(vectors: readonly Float64Array[]): void {
  for (const [i, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, i)) {
        const share = dot(vector, other);
        for (let k = 0; k < vector.length; k++) vector[k]! -= share * other[k]!;
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < vector.length; k++) vector[k]! /= length;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Checks all arguments before the first draw; returns the generator to draw from. */
function check(
  where: string,
  parameter: Parameter,
  options: DrawOptions,
  more: readonly never[],
  known: readonly string[] = [],
): Generator {
  if (!(parameter instanceof Parameter)) {
    throw new OptionError(`${where}: expected a Parameter such as layer.weight, got ${show(parameter)}`);
  }
  if (parameter.disposed)
    throw new DisposedError(`${where}: the parameter's model was disposed; build a new one`);
  checkOptions(where, options, [...known, "generator"], more);
  const { generator = defaultGenerator } = options;
  if (!(generator instanceof Generator)) {
    throw new OptionError(`${where}: generator must be a Generator, got ${show(generator)}`);
  }
  return generator;
}

function fill(parameter: Parameter, values: (out: Float32Array) => Float32Array): Parameter {
  parameter.write(values(new Float32Array(sizeOf(parameter.shape))));
  return parameter;
}
