/** Optimizers without a GPU: options, groups, and state dicts of host parameters. */
import { describe, expect, test } from "vitest";
import { nn, OptionError, optim, StateDictError } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";

const parameters = () => new nn.Linear(2, 3).parameters();

/** PyTorch's defaults, under its names (for SGD the lr of torch 2; 1.13 has no default). */
const defaults = {
  Adam: {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay: 0,
    amsgrad: false,
    maximize: false,
    decoupled_weight_decay: false,
  },
  AdamW: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 1e-2, amsgrad: false, maximize: false },
  SGD: { lr: 1e-3, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false },
  RMSprop: {
    lr: 1e-2,
    alpha: 0.99,
    eps: 1e-8,
    weight_decay: 0,
    momentum: 0,
    centered: false,
    maximize: false,
  },
  Adagrad: {
    lr: 1e-2,
    lr_decay: 0,
    weight_decay: 0,
    initial_accumulator_value: 0,
    eps: 1e-10,
    maximize: false,
  },
  NAdam: {
    lr: 2e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay: 0,
    momentum_decay: 4e-3,
    decoupled_weight_decay: false,
    maximize: false,
  },
  RAdam: {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay: 0,
    decoupled_weight_decay: false,
    maximize: false,
  },
  Adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weight_decay: 0, maximize: false },
  Adamax: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, maximize: false },
  ASGD: { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weight_decay: 0, maximize: false },
  Rprop: { lr: 1e-2, etas: [0.5, 1.2], step_sizes: [1e-6, 50], maximize: false },
} as const;
const names = Object.keys(defaults) as (keyof typeof defaults)[];

function make(name: keyof typeof defaults, source: unknown, options: object = {}): optim.Optimizer {
  return new (optim[name] as unknown as new (...args: unknown[]) => optim.Optimizer)(source, options);
}

describe.each(names)("%s", (name) => {
  test("has exactly PyTorch's defaults in its state dict", async () => {
    const { state, param_groups } = await make(name, parameters()).stateDict();
    expect(param_groups).toEqual([{ ...defaults[name], params: [0, 1] }]);
    if (name !== "Adagrad") expect(state).toEqual({});
  });

  test("refuses negative numbers and non-numbers, at once and later", async () => {
    const { defaults: all } = make(name, parameters()) as { defaults: Record<string, unknown> };
    for (const [option, value] of Object.entries(all)) {
      // PyTorch allows only dampening and t0 to be negative.
      const bad =
        typeof value === "number"
          ? ["fast", Number.NaN, ...(option === "dampening" || option === "t0" ? [] : [-1])]
          : ["fast"];
      for (const one of bad) {
        await expectRefusal(
          () => make(name, parameters(), { [option]: one }),
          OptionError,
          `${name}: `,
          option,
        );
        const optimizer = make(name, parameters());
        const group = optimizer.paramGroups[0] as unknown as Record<string, unknown>;
        const set = () => {
          group[option] = one;
        };
        await expectRefusal(set, OptionError, `${name}: `, option);
        expect(group[option]).toEqual(value);
      }
    }
  });

  test("prefers a group's options to its own", async () => {
    const [weight, bias] = parameters();
    const optimizer = make(name, [{ params: [weight] }, { params: bias, lr: 0.5 }], { lr: 0.25 });
    expect(optimizer.parameters).toEqual([weight, bias]);
    expect((await optimizer.stateDict()).param_groups.map(({ lr, params }) => [lr, params])).toEqual([
      [0.25, [0]],
      [0.5, [1]],
    ]);
    expect(optimizer.lr).toBe(0.25);
    optimizer.lr = 0.125;
    expect(optimizer.paramGroups.map((group) => (group as unknown as { lr: number }).lr)).toEqual([
      0.125, 0.125,
    ]);
  });

  test.each([
    ["no parameters", () => [], "got no parameters"],
    ["the model itself", () => new nn.Linear(1, 1), "expected model.parameters(), got a Linear"],
    ["a number", () => [1], "every parameter must be a Parameter, got 1"],
    ["a buffer", () => [new nn.Buffer([1], Float32Array.of(1))], "got a Buffer, which is not learned"],
    ["an empty group", () => [{ params: parameters() }, { params: [] }], "got no parameters"],
    ["a group's unknown option", () => [{ params: parameters(), rate: 1 }], 'unknown option "rate"'],
    ["a group's bad option", () => [{ params: parameters(), lr: -1 }], "lr must be"],
    [
      "a parameter in two groups",
      () => {
        const own = parameters();
        return [{ params: own }, { params: own[0] }];
      },
      "given twice",
    ],
  ])("refuses %s", (_, source, part) =>
    expectRefusal(() => make(name, source()), OptionError, `${name}: `, part),
  );

  test("a refused group leaves the optimizer unchanged", async () => {
    const own = parameters();
    const optimizer = make(name, own);
    const add = (group: unknown) => () => optimizer.addParamGroup(wrong(group));
    const where = `${name}.addParamGroup`;
    await expectRefusal(add({ params: own[1] }), OptionError, where, "given twice");
    await expectRefusal(add({ lr: 1 }), OptionError, where, "{ params, … }");
    await expectRefusal(add({ params: parameters(), lr: "fast" }), OptionError, name, "lr");
    expect(optimizer.parameters).toEqual(own);
    expect(optimizer.paramGroups).toHaveLength(1);
  });
});

describe("conflicting settings", () => {
  test("Nesterov's momentum without momentum, or with dampening", async () => {
    const bad = [{ nesterov: true }, { nesterov: true, momentum: 0.9, dampening: 0.1 }];
    for (const options of bad) {
      await expectRefusal(
        () => new optim.SGD(parameters(), options),
        OptionError,
        "SGD: nesterov needs momentum",
      );
    }
    const optimizer = new optim.SGD(parameters(), { nesterov: true, momentum: 0.9 });
    const [group] = optimizer.paramGroups;
    const set = () => {
      group!.momentum = 0;
    };
    await expectRefusal(set, OptionError, "SGD: nesterov needs momentum", "got momentum 0");
    expect(group!.momentum).toBe(0.9);
  });

  test("refuses a setting that a group does not have", () => {
    const [group] = new optim.SGD(parameters()).paramGroups;
    expect(() => {
      wrong(group).learningRate = 1;
    }).toThrow(TypeError);
  });
});

describe("a state dict on the host", () => {
  const array = (shape: readonly number[], value: number) => ({
    data: new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(value),
    shape,
  });
  const adamState = () => ({
    state: {
      0: { step: 7, exp_avg: array([3, 2], 1), exp_avg_sq: array([3, 2], 2) },
      1: { step: 7, exp_avg: array([3], 3), exp_avg_sq: array([3], 4) },
    },
    param_groups: [{ ...defaults.Adam, lr: 0.5, betas: [0.5, 0.75], params: [0, 1] }],
  });

  test("is returned as loaded, as a copy", async () => {
    const optimizer = new optim.Adam(parameters());
    const state = adamState();
    optimizer.loadStateDict(state);
    state.state[0].exp_avg.data.fill(9);
    expect(await optimizer.stateDict()).toEqual(adamState());
    expect(optimizer.steps).toBe(7);
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.5, 0.75]);
    const given = await optimizer.stateDict();
    (given.state[0]!["exp_avg"] as { data: Float32Array }).data.fill(9);
    expect(await optimizer.stateDict()).toEqual(adamState());
  });

  test("accepts PyTorch's other settings, step tensors and parameter numbers", async () => {
    const optimizer = new optim.Adam(parameters());
    const { state, param_groups } = adamState();
    const { amsgrad, maximize, ...older } = param_groups[0]!;
    optimizer.loadStateDict({
      state: { 4: { ...state[0], step: array([], 7) }, 2: { ...state[1], step: array([1], 7) } },
      param_groups: [
        { ...older, foreach: null, fused: false, decoupled_weight_decay: false, params: [4, 2] },
      ],
    });
    expect(await optimizer.stateDict()).toEqual(adamState());
  });

  test("AdamW's decay loads into Adam, as in PyTorch, and Adam's not into AdamW", async () => {
    const { state, param_groups } = adamState();
    const marked = (decoupled_weight_decay: boolean) => ({
      state,
      param_groups: [{ ...param_groups[0]!, weight_decay: 0.5, decoupled_weight_decay }],
    });
    const adam = new optim.Adam(parameters());
    adam.loadStateDict(marked(true));
    expect(adam.paramGroups[0]).toMatchObject({ weightDecay: 0.5, decoupledWeightDecay: true });
    const adamW = new optim.AdamW(parameters());
    adamW.loadStateDict(marked(true));
    expect(adamW.paramGroups[0]).toMatchObject({ weightDecay: 0.5 });
    const has = "decoupled_weight_decay: false, which AdamW has not";
    await expectRefusal(() => adamW.loadStateDict(marked(false)), StateDictError, has);
  });

  test("ASGD's step size and averaging weight are those of its next step", async () => {
    const own = parameters();
    const optimizer = new optim.ASGD(own, { lr: 0.5, lambd: 0.1, alpha: 0.5, t0: 1 });
    const etas = [1, 2, 3].map((t) => Math.fround(0.5 / (1 + 0.05 * t) ** 0.5));
    for (const [i, eta] of etas.entries()) {
      optimizer.beginStep(own);
      const { state } = await optimizer.stateDict();
      expect(state[1]).toMatchObject({ step: i + 1, eta, mu: [1, 1, 0.5][i] });
    }
  });

  test("LBFGS has PyTorch's defaults and takes its own state dict, and one group of valid options alone", async () => {
    const optimizer = new optim.LBFGS(parameters(), { maxIter: 7 });
    const group = {
      lr: 1,
      max_iter: 7,
      max_eval: 8,
      tolerance_grad: 1e-7,
      tolerance_change: 1e-9,
      history_size: 100,
      line_search_fn: null,
      maximize: false,
      params: [0, 1],
    };
    expect(await optimizer.stateDict()).toEqual({ state: {}, param_groups: [group] });
    const other = { ...group, line_search_fn: "strong_wolfe", max_eval: 3 };
    optimizer.loadStateDict({ state: {}, param_groups: [other] });
    expect(await optimizer.stateDict()).toEqual({ state: {}, param_groups: [other] });
    const two = parameters().map((params) => ({ params }));
    await expectRefusal(
      () => new optim.LBFGS(two),
      OptionError,
      "LBFGS: all parameters must be in one group",
    );
    const bad = {
      maxIter: 0,
      maxEval: 1.5,
      historySize: -1,
      toleranceGrad: -1,
      lineSearchFn: "armijo",
      lr: "fast",
    };
    for (const [option, value] of Object.entries(bad)) {
      await expectRefusal(
        () => new optim.LBFGS(parameters(), { [option]: value } as never),
        OptionError,
        "LBFGS: ",
        option,
      );
    }
  });

  test("Rprop's step sizes are refused if they are no range, and etas on the wrong side of 1", async () => {
    for (const stepSizes of [[1, 0.5], [-1, 1], [1], [0, Number.POSITIVE_INFINITY]] as unknown as [
      number,
      number,
    ][]) {
      await expectRefusal(
        () => new optim.Rprop(parameters(), { stepSizes }),
        OptionError,
        "Rprop: ",
        "stepSizes",
      );
    }
    for (const etas of [
      [0, 2],
      [1, 2],
      [0.5, 1],
    ] as [number, number][]) {
      await expectRefusal(() => new optim.Rprop(parameters(), { etas }), OptionError, "Rprop: ", "etas");
    }
  });

  test("a parameter without state starts over, with its own step count", async () => {
    const optimizer = new optim.Adam(parameters());
    optimizer.loadStateDict(adamState());
    const { state, param_groups } = adamState();
    optimizer.loadStateDict({ state: { 1: state[1] }, param_groups });
    expect(await optimizer.stateDict()).toEqual({ state: { 1: state[1] }, param_groups });
    expect(optimizer.steps).toBe(7);
  });

  test("SGD's missing momentum buffer may be null or absent", async () => {
    const groups = [{ ...defaults.SGD, momentum: 0.9, params: [0, 1] }];
    const optimizer = new optim.SGD(parameters());
    const state = { 0: { momentum_buffer: null }, 1: { momentum_buffer: array([3], 5) } };
    optimizer.loadStateDict({ state, param_groups: groups });
    expect(await optimizer.stateDict()).toEqual({ state: { 1: state[1] }, param_groups: groups });
  });

  test("Adagrad has its sums from the start, with the optimizer's initial value in all groups", async () => {
    const optimizer = new optim.Adagrad(
      parameters().map((params) => ({ params, initialAccumulatorValue: 3 })),
      { initialAccumulatorValue: 2 },
    );
    const { state } = await optimizer.stateDict();
    expect(state).toEqual({ 0: { step: 0, sum: array([3, 2], 2) }, 1: { step: 0, sum: array([3], 2) } });
  });

  type Dict = { state: Record<string, Record<string, unknown>>; param_groups: Record<string, unknown>[] };
  test.each<[string, (dict: Dict) => void, string[]]>([
    [
      "another number of groups",
      (d) => void d.param_groups.push(d.param_groups[0]!),
      ["1 parameter groups expected, got 2"],
    ],
    [
      "another number of parameters",
      (d) => {
        d.param_groups[0]!["params"] = [0];
      },
      ["param_groups[0] must have params with 2 numbers, got [0]"],
    ],
    ["a missing setting", (d) => void delete d.param_groups[0]!["eps"], ["param_groups[0] lacks eps"]],
    [
      "a bad setting",
      (d) => {
        d.param_groups[0]!["lr"] = -1;
      },
      ["param_groups[0]: lr must be", "got -1"],
    ],
    [
      "another optimizer's setting",
      (d) => {
        d.param_groups[0]!["alpha"] = 0.9;
      },
      ["param_groups[0] has alpha: 0.9, which Adam has not"],
    ],
    [
      "a decay that is neither",
      (d) => {
        d.param_groups[0]!["decoupled_weight_decay"] = "both";
      },
      ["param_groups[0]: decoupled_weight_decay must be", '"both"'],
    ],
    [
      "a missing buffer",
      (d) => void delete d.state["1"]!["exp_avg"],
      ["state 1: exp_avg must be", "undefined"],
    ],
    [
      "a buffer that its settings require",
      (d) => {
        d.param_groups[0]!["amsgrad"] = true;
      },
      ["state 0: max_exp_avg_sq must be", "state 1: max_exp_avg_sq must be"],
    ],
    [
      "another shape",
      (d) => {
        d.state["0"]!["exp_avg"] = array([2, 3], 1);
      },
      ["state 0: exp_avg must have shape [3, 2], got [2, 3]"],
    ],
    [
      "too few values for a shape",
      (d) => {
        d.state["0"]!["exp_avg"] = { data: new Float32Array(5), shape: [3, 2] };
      },
      ["exp_avg must have shape [3, 2]", "with 5 values"],
    ],
    [
      "another optimizer's buffer",
      (d) => {
        d.state["0"]!["sum"] = array([3, 2], 1);
      },
      ["state 0 has sum, which Adam has not"],
    ],
    [
      "half a step",
      (d) => {
        d.state["0"]!["step"] = 1.5;
      },
      ["state 0 must have step as a number, got 1.5"],
    ],
    ["no step", (d) => void delete d.state["0"]!["step"], ["state 0 must have step", "undefined"]],
    [
      "a state of nobody",
      (d) => {
        d.state["7"] = d.state["0"]!;
      },
      ["state 7 belongs to no parameter group"],
    ],
  ])("%s is refused, and nothing changes", async (_, change, parts) => {
    const optimizer = new optim.Adam(parameters());
    const before = adamState();
    optimizer.loadStateDict(before);
    const changed = structuredClone({ ...adamState() }) as unknown as Dict;
    changed.param_groups[0]!["lr"] = 0.75;
    change(changed);
    await expectRefusal(
      () => optimizer.loadStateDict(wrong(changed)),
      StateDictError,
      "Adam.loadStateDict: the state dict does not fit, nothing was loaded",
      ...parts,
    );
    expect(await optimizer.stateDict()).toEqual(adamState());
  });

  test("refuses anything that is not a state dict", async () => {
    const optimizer = new optim.RAdam(parameters());
    for (const bad of [null, [], { state: {} }, new Map()]) {
      await expectRefusal(
        () => optimizer.loadStateDict(wrong(bad)),
        OptionError,
        "RAdam.loadStateDict: expected",
      );
    }
  });
});
