/** Elementwise functions and activations against PyTorch. */
import { nn, type Tensor } from "webgpu-lstm";
import { type Cases, testFunctions, testUnusual } from "./function-case.ts";

const everywhere: Cases = {
  abs: (x) => x.abs(),
  sign: (x) => x.sign(),
  square: (x) => x.square(),
  erf: (x) => x.erf(),
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
  round: (x) => x.round(),
  trunc: (x) => x.trunc(),
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  expm1: (x) => x.expm1(),
  clamp: (x) => x.clamp(-0.5, 0.75),
  clamp_min: (x) => x.clamp(0.25),
  clamp_max: (x) => x.clamp(undefined, -0.25),
  pow_three: (x) => x.pow(3),
  pow_zero: (x) => x.pow(0),
  gelu: (x) => new nn.GELU().forward(x),
  gelu_tanh: (x) => new nn.GELU({ approximate: "tanh" }).forward(x),
  silu: (x) => new nn.SiLU().forward(x),
  leaky_relu: (x) => new nn.LeakyReLU(0.2).forward(x),
  elu: (x) => new nn.ELU(1.5).forward(x),
  softplus: (x) => new nn.Softplus().forward(x),
  softplus_sharp: (x) => new nn.Softplus(3, 2).forward(x),
  hardsigmoid: (x) => new nn.Hardsigmoid().forward(x),
  hardtanh: (x) => new nn.Hardtanh(-0.5, 1.25).forward(x),
  hardswish: (x) => new nn.Hardswish().forward(x),
};

/** Defined for positive numbers alone. */
const positive: Cases = {
  sqrt: (x) => x.sqrt(),
  rsqrt: (x) => x.rsqrt(),
  reciprocal: (x) => x.reciprocal(),
  log1p: (x) => x.log1p(),
  pow_fraction: (x) => x.pow(2.7),
  pow_negative: (x) => x.pow(-1.5),
  pow_large: (x) => x.pow(11.25),
};

const changed = (cases: Cases, suffix: string, change: (x: Tensor) => Tensor): Cases =>
  Object.fromEntries(
    Object.entries(cases).map(([name, fn]) => [name + suffix, (x, y, z) => fn(change(x), y, z)]),
  );

testFunctions("function_pointwise", "Elementwise functions", {
  ...everywhere,
  ...changed(everywhere, "_far", (x) => x.mul(6)),
  ...changed(positive, "", (x) => x.mul(x).add(0.1)),
  sin_huge: (x) => x.mul(65536).sin(),
  cos_huge: (x) => x.mul(65536).cos(),
  log1p_small: (x) => x.div(8).log1p(),
  expm1_small: (x) => x.div(1024).expm1(),
});

testUnusual(
  "unusual_pointwise",
  {
    ...everywhere,
    ...positive,
    clamp_one: (x) => x.clamp(-1, 2),
    clamp_zero: (x) => x.clamp(0),
    clamp_crossed: (x) => x.clamp(2, -1),
    hardtanh_one: (x) => new nn.Hardtanh(-1, 2).forward(x),
    pow_half: (x) => x.pow(0.5),
    pow_two: (x) => x.pow(2),
    pow_minus_one: (x) => x.pow(-1),
    pow_minus_three: (x) => x.pow(-3),
  },
  {
    expm1: {
      factor: 20,
      reason: "WGSL's exp may be off by 3 + 2·|x| units in the last place: by 1.1e-5 at 88",
    },
  },
);
