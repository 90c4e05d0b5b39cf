/** A device's self test: it passes here, finds kernels that compute nothing, and runs once. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AdapterFaultError, Device, OptionError } from "webgpu-lstm";
import { asHardware } from "../hardware.ts";
import { expectRefusal, wrong } from "../refusal.ts";
import { idle, type Sabotage, sabotaged } from "../sabotage.ts";
import { sharedGpu } from "./shared-gpu.ts";

/** Kernels that nothing alters compile once. */
const shared = sharedGpu(navigator.gpu);

beforeEach(() => Device.forgetFacts());
afterEach(() => Device.forgetFacts());

/** A GPU on which these kernels do nothing. */
function without(...kernels: string[]) {
  const sabotage: Sabotage = {
    alterShader: (label, code) => (kernels.includes(label) ? idle(label, code) : code),
  };
  return sabotaged(shared, sabotage);
}

describe("a self test", () => {
  test("passes, and leaves nothing behind", async () => {
    const device = await Device.request({ selfTest: true });
    expect(device.memory).toMatchObject({ total: 0, allocations: 0 });
    device.dispose();
    const native = await (await navigator.gpu.requestAdapter())!.requestDevice();
    await Device.forgetFacts();
    (await Device.from(native, { selfTest: true })).dispose();
    native.destroy();
  });

  test.each([
    ["lstm_cell_backward", "register", "cell", "the gradient of lstm.weight_ih_l0"],
    ["gru_cell_forward", "register", "cell", "the loss"],
    ["gemm_register", "register", "cell", "the loss"],
    ["sum_slices", "register", "cell", "the gradient of"],
    ["sgd", "register", "cell", "lstm.weight_ih_l0 after an update"],
    ["gemm_shared", "shared", "cell", 'or { versions: { gemm: "register" } }'],
    ["gemm_rows", "rows", "cell", "a product of 13 × 45 by 45 × 83 (nt)"],
    ["lstm_step_backward", "register", "step", 'or { versions: { recurrent: "cell" } }'],
    ["gemm_lanes4", "lanes4", "sequence4", 'or { versions: { gemm: "register", recurrent: "cell" } }'],
    ["gru_sequence4_forward", "lanes4", "sequence4", "the loss"],
  ] as const)("finds that %s does nothing", async (kernel, gemm, recurrent, what) => {
    const { gpu, native } = without(kernel);
    await expectRefusal(
      () => Device.request({ gpu, selfTest: true, versions: { gemm, recurrent } }),
      AdapterFaultError,
      "Device.request: this adapter computes wrong numbers",
      `${gemm} and ${recurrent}`,
      what,
      "instead of",
      "an error of",
      "update the graphics driver",
      "{ selfTest: false }",
    );
    expect((await native().lost).reason).toBe("destroyed");
  });

  test.each([
    // What a small model's products do not reach: depth, further tiles, slots, sums, the row of ones, slices.
    [
      "gemm_shared",
      "shared",
      "let last = min(first + params.sliceDepth, params.depth);",
      "let last = min(first + 32u, params.depth);",
      "nt",
    ],
    [
      "gemm_shared",
      "shared",
      "sums[9u + 2u * r] += lower[r] * right;",
      "sums[9u + 2u * r] += lower[r] * left;",
      "nt",
    ],
    ["gemm_rows", "rows", "k += PARTS", "k += 2u * PARTS", "nt"],
    ["gemm_rows", "rows", "let row = (group.y", "let row = (0u * group.y", "nt"],
    ["gemm_rows", "rows", "params.slots >> (column % 4u)", "15u >> (column % 4u)", "nn"],
    ["gemm_rows", "rows", "value += c[at]", "value += 0.0 * c[at]", "nn"],
    ["gemm_rows", "rows", "select(ofRows, vec4f(1.0), isOnes)", "ofRows", "tn"],
    [
      "gemm_register",
      "register",
      "let slice = select(id.z, 0u, params.folded != 0u);",
      "let slice = 0u;",
      "tn",
    ],
  ])("finds a fault of %s in larger products", async (kernel, gemm, right, faulty, layout) => {
    const { gpu } = sabotaged(shared, {
      alterShader: (label, code) => {
        if (label !== kernel) return code;
        expect(code).toContain(right);
        return code.replace(right, faulty);
      },
    });
    const versions = { gemm: gemm as "rows", recurrent: "cell" } as const;
    await expectRefusal(
      () => Device.request({ gpu, selfTest: true, versions }),
      AdapterFaultError,
      `with the versions ${gemm} and cell, a product of`,
      `(${layout})`,
      "instead of",
    );
  });

  test("computes products of few rows where hardware does", async () => {
    const { gpu } = without("gemm_rows");
    // Software adapters do not use it.
    (await Device.request({ gpu, selfTest: true })).dispose();
    await expectRefusal(() => Device.request({ gpu: asHardware(gpu) }), AdapterFaultError, "rows and cell");
  });

  test("finds an error of one in a thousand", async () => {
    const { gpu } = sabotaged(shared, {
      alterShader: (label, code) =>
        label === "lstm_cell_forward" ? code.replace("exp(-2.0 *", "exp(-2.002 *") : code,
    });
    const versions = { gemm: "register", recurrent: "cell" } as const;
    await expectRefusal(
      () => Device.request({ gpu, selfTest: true, versions }),
      AdapterFaultError,
      "the prediction",
    );
  });

  test("tests pinned versions alone", async () => {
    const { gpu } = without("gemm_shared", "lstm_step_forward", "gemm_lanes4");
    const versions = { gemm: "register", recurrent: "cell" } as const;
    (await Device.request({ gpu, selfTest: true, versions })).dispose();
  });

  test("leaves an app's device alive", async () => {
    const { gpu, native } = without("sgd");
    await (await gpu.requestAdapter())!.requestDevice();
    await expectRefusal(() => Device.from(native(), { selfTest: true }), AdapterFaultError, "Device.from");
    const alive = await Device.from(native(), { selfTest: false });
    await alive.idle();
    alive.dispose();
    native().destroy();
  });

  test("runs once for an adapter, its limits and features", async () => {
    (await Device.request({ gpu: shared, selfTest: true })).dispose();
    // Passed before, so that nobody looks.
    const { gpu } = without("sgd");
    (await Device.request({ gpu, selfTest: true })).dispose();
    const native = await (await navigator.gpu.requestAdapter())!.requestDevice();
    (await Device.from(native, { selfTest: true })).dispose();
    native.destroy();
    await Device.forgetFacts();
    await expectRefusal(() => Device.request({ gpu, selfTest: true }), AdapterFaultError, "update");
    // A failure is not kept.
    (await Device.request({ gpu: shared, selfTest: true })).dispose();
  });

  test("runs again for other versions, whose kernels it has not run", async () => {
    const { gpu } = without("gemm_shared", "lstm_step_forward");
    const versions = { gemm: "register", recurrent: "cell" } as const;
    (await Device.request({ gpu, selfTest: true, versions })).dispose();
    await expectRefusal(() => Device.request({ gpu, selfTest: true }), AdapterFaultError, "shared");
    const step = { gemm: "register", recurrent: "step" } as const;
    await expectRefusal(
      () => Device.request({ gpu, selfTest: true, versions: step }),
      AdapterFaultError,
      "register and step",
    );
  });

  test("tests what replaces a pinned version that cannot run", async () => {
    const device = await Device.request();
    const facts = { ...device.facts, subgroupSize: 0 };
    device.dispose();
    const { gpu } = without("gemm_register");
    await expectRefusal(
      () => Device.request({ gpu, facts, selfTest: true, versions: { gemm: "lanes4" } }),
      AdapterFaultError,
      "register and cell",
    );
  });

  test("runs by default where the facts of hardware are measured", async () => {
    const { gpu } = without("sgd");
    const software = await Device.request({ gpu });
    const { facts } = software;
    software.dispose();
    const hardware = asHardware(gpu);
    await expectRefusal(() => Device.request({ gpu: hardware }), AdapterFaultError, "an update");
    const given = { ...facts, software: false };
    (await Device.request({ gpu: hardware, facts: given })).dispose();
    (await Device.request({ gpu: hardware, selfTest: false })).dispose();
    await expectRefusal(
      () => Device.request({ gpu: hardware, facts: given, selfTest: true }),
      AdapterFaultError,
      "an update",
    );
    // On hardware other versions are compared with `cell` before they are used.
    (await Device.request({ gpu: asHardware(without("lstm_step_forward").gpu) })).dispose();
  });

  test("is asked for by true or false", async () => {
    await expectRefusal(() => Device.request({ selfTest: wrong("yes") }), OptionError, "selfTest", '"yes"');
  });
});
