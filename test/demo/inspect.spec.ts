/** The Inspect view as a person uses it, on the software adapter. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { loadSafetensors } from "../../src/io/safetensors.ts";
import { choose, drop, example, fileOf, layer, rows, run, VIEW } from "./inspect-page.ts";
import {
  button,
  countBuffers,
  expectAccessible,
  expectFits,
  liveBytes,
  open,
  visit,
  WIDTHS,
} from "./page.ts";

/** The difference between the GPU's and the CPU's hidden states, as the page reports it. */
async function difference(page: Page): Promise<number> {
  const text = (await page.getByTestId("gates-note").textContent()) ?? "";
  return Number(/differ by (\S+) at most/.exec(text)?.[1]);
}

/** How many colours each heat map has. */
function colours(page: Page): Promise<number[]> {
  return page
    .getByTestId("maps")
    .locator("canvas")
    .evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      }),
    );
}

test("opens on an example that has run, and replays its hidden state", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await expect(page.getByTestId("file-status")).toHaveText("example.safetensors is open.");
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 60_000 });
  expect(await colours(page)).toHaveLength(6);
  const step = async () =>
    Number(/^step (\d+)$/.exec((await page.getByTestId("replay-text").textContent())!)![1]);
  const before = await step();
  await expect.poll(step).not.toBe(before);
  // The bars are drawn anew with the step, and stand still with it.
  const bars = page.getByRole("img", { name: "Hidden state at this step" });
  const picture = () => bars.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await button(page, "Pause").click();
  const [still, drawn] = [await step(), await picture()];
  await page.waitForTimeout(300);
  expect(await step()).toBe(still);
  await page.getByLabel("Step of the replay").fill("40");
  expect(await step()).toBe(40);
  if (still !== 40) expect(await picture()).not.toBe(drawn);
  await page.getByLabel("Step of the replay").press("ArrowRight");
  expect(await step()).toBe(41);
  await expect(button(page, "Play")).toBeVisible();
  await button(page, "Play").click();
  await expect.poll(step).not.toBe(41);
  // What ran by itself is not missed, and is not run again.
  await visit(page, "Compare");
  await expect(page.getByTestId("page-note")).toBeEmpty();
  await visit(page, "Inspect");
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.");
  expect(complaints).toEqual([]);
});

test("what is opened runs at once, on an input that fits", async ({ page }) => {
  await countBuffers(page);
  const complaints = await open(page, VIEW);
  const ran = page.getByTestId("run-status");
  const done = { timeout: 60_000 };
  await expect(ran).toHaveText("Done: 72 steps.", done);
  await drop(page, "gru.safetensors", fileOf(layer("gru.", "_l0", 15, 2, 5)));
  await expect(page.getByTestId("file-status")).toHaveText("gru.safetensors is open.");
  await expect(ran).toHaveText("Done: 72 steps.", done);
  expect(await page.getByTestId("maps").locator("strong").allTextContents()).toContain("Reset gate r");
  // Characters for an embedding, and numbers again for a model without one, whatever was chosen before.
  const text = fileOf({ "embedding.weight": [64, 3], ...layer("rnn.", "_l0", 15, 3, 5) });
  await choose(page, "text.safetensors", text);
  await expect(ran).toHaveText("Done: 21 steps.", done);
  await page.getByLabel("Input", { exact: true }).selectOption("Pasted numbers");
  await button(page, "Open the example").click();
  await expect(ran).toHaveText("Done: 72 steps.", done);
  await expect(page.getByLabel("Input", { exact: true })).toHaveValue("sine");
  // A whole model, and its layer.
  await button(page, "ONNX").first().click();
  await expect(page.getByTestId("model-status")).toHaveText(/^Done in [\d.]+ ms/, done);
  expect((await rows(page, "model-outputs"))[0]!.slice(0, 2)).toEqual(["output", "[1, 24, 1]"]);
  await expect(ran).toHaveText("Done: 72 steps.", done);
  expect(await liveBytes(page)).toBe(0);
  expect(complaints).toEqual([]);
});

test("a first run that leaving has stopped is made at the next visit", async ({ page }) => {
  // A device that comes late leaves time to go away.
  await page.addInitScript(() => {
    const waiting = new Promise((resolve) => Object.assign(window, { giveDevice: resolve }));
    const request = GPU.prototype.requestAdapter;
    GPU.prototype.requestAdapter = async function (...args) {
      await waiting;
      return request.apply(this, args);
    };
  });
  const complaints = await open(page, VIEW);
  await drop(page, "mine.safetensors", example);
  await expect(page.getByTestId("run-status")).toHaveText("Running on the GPU…");
  await visit(page, "Compare");
  await expect(page.getByTestId("page-note")).toBeEmpty();
  await visit(page, "Inspect");
  await page.evaluate(() => (window as unknown as { giveDevice(): void }).giveDevice());
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 60_000 });
  await expect(page.getByTestId("file-status")).toHaveText("mine.safetensors is open.");
  expect(complaints).toEqual([]);
});

test("a large model runs when the visitor asks for it", async ({ page }) => {
  const complaints = await open(page, VIEW);
  const large = { ...layer("lstm.", "_l0", 4000, 1, 1000), "fc.weight": [1000, 1000], "fc.bias": [1000] };
  await choose(page, "large.safetensors", fileOf(large));
  await expect(page.getByTestId("run-status")).toHaveText(
    "A model of over 5,000,000 parameters runs when you ask for it.",
    { timeout: 30_000 },
  );
  await expect(button(page, "Run")).toBeEnabled();
  await expect(page.getByTestId("results")).toBeHidden();
  expect(complaints).toEqual([]);
});

for (const [width, size] of WIDTHS) {
  test(`a dropped checkpoint: its layers, tensors and a run, ${width}`, async ({ page }) => {
    await page.setViewportSize(size);
    await countBuffers(page);
    const complaints = await open(page, VIEW);
    await drop(page, "mine.safetensors", example);
    await expect(page.getByTestId("file-status")).toHaveText("mine.safetensors is open.");

    // lstm: 4·12·(1 + 12 + 2) + 4·12·(12 + 12 + 2); fc: 12 + 1
    await expect(page.getByTestId("facts")).toContainText("Parameters1,981");
    await expect(page.getByTestId("facts")).toContainText("state of 10 tensors, 15.8 kB");
    expect(await rows(page, "layers")).toEqual([
      ["fc", "Linear", "12 → 1", "13", "52 B"],
      ["lstm", "LSTM", "input 1, hidden 12, 2 layers", "1,968", "7.9 kB"],
    ]);
    const { data } = loadSafetensors(example).tensors.get("lstm.weight_hh_l1")!;
    const shown = (await rows(page, "tensors")).find(([name]) => name === "lstm.weight_hh_l1")!;
    const number = (text: string | undefined) => Number(text!.replace("−", "-"));
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(shown.slice(1, 5)).toEqual(["F32", "[48, 12]", "576", "2.3 kB"]);
    expect(number(shown[5])).toBeCloseTo(Math.min(...data), 4);
    expect(number(shown[6])).toBeCloseTo(Math.max(...data), 4);
    expect(number(shown[7])).toBeCloseTo(mean, 4);
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    expect(number(shown[8])).toBeCloseTo(Math.sqrt(variance), 4);
    await page.getByText("Optimizer's groups").click();
    await expect(page.getByText('"lr": 0.01')).toBeVisible();

    await run(page);
    await expect(page.locator("#output-chart canvas")).toBeVisible();
    const six = await colours(page);
    expect(six).toHaveLength(6);
    for (const count of six) expect(count).toBeGreaterThan(20);
    expect(await difference(page)).toBeLessThan(1e-5);
    await page.getByLabel("of", { exact: true }).selectOption({ label: "layer 1" });
    expect(await colours(page)).not.toEqual(six);
    expect((await rows(page, "gradients")).map(([name, norm]) => [name, Number(norm) > 0])).toEqual(
      [
        ...[0, 1].flatMap((l) =>
          ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => `lstm.${name}_l${l}`),
        ),
        "fc.weight",
        "fc.bias",
      ].map((name) => [name, true]),
    );
    // 1,981 parameters of 4 bytes, rounded up to whole bindings.
    expect((await rows(page, "memory"))[0]).toEqual([
      "parameter",
      expect.stringMatching(/^(8|9)\.\d kB$/),
      "",
    ]);
    await expect(page.getByTestId("profile")).toContainText("mean of 10 runs");
    const kernels = await rows(page, "profile");
    expect(kernels.some(([name]) => /^lstm_\w+_forward$/.test(name!))).toBe(true);
    expect(kernels.some(([name]) => /^lstm_\w+_backward$/.test(name!))).toBe(true);
    const list = page.getByText(/^All \d+ dispatches in order$/);
    const dispatches = Number.parseInt((await list.textContent())!.slice("All ".length), 10);
    expect(dispatches).toBeGreaterThan(20);
    await list.click();

    const downloading = page.waitForEvent("download");
    await button(page, "Save as Chrome trace").click();
    const trace = JSON.parse(readFileSync(await (await downloading).path(), "utf8"));
    expect(trace.traceEvents.length).toBe(dispatches);
    expect(await liveBytes(page)).toBe(0);
    await expectFits(page);
    expect(complaints).toEqual([]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe-core finds nothing on Inspect, ${colorScheme}, ${width}`, async ({ page }) => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await open(page, VIEW);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectAccessible(page);
      await button(page, "Open the example").click();
      await run(page);
      for (const summary of await page.locator("summary").all()) await summary.click();
      await page.getByLabel("Input", { exact: true }).selectOption("Pasted numbers");
      await expectAccessible(page);
      await expectFits(page);
      await choose(page, "none.safetensors", Buffer.from("not this"));
      await expect(page.getByRole("alert")).toBeVisible();
      await expectAccessible(page);
    });
  }
}

test("runs each kind of layer, and its gates agree with the GPU's states", async ({ page }) => {
  const complaints = await open(page, VIEW);
  const cases: [name: string, kind: string, maps: string[], shapes: Record<string, number[]>][] = [
    [
      "GRU in both directions",
      "GRU",
      ["Reset gate r", "Update gate z", "New gate n", "Hidden state h"],
      {
        ...layer("rnn.", "_l0", 15, 2, 5),
        ...layer("rnn.", "_l0_reverse", 15, 2, 5),
        ...layer("rnn.", "_l1", 15, 10, 5),
        ...layer("rnn.", "_l1_reverse", 15, 10, 5),
      },
    ],
    [
      "LSTM with a projection",
      "LSTM",
      ["Input gate i", "Forget gate f", "Cell gate g", "Output gate o", "Cell state c", "Hidden state h"],
      { ...layer("", "_l0", 28, 3, 2), weight_hr_l0: [2, 7] },
    ],
    [
      "LSTMCell",
      "LSTMCell",
      ["Input gate i", "Forget gate f", "Cell gate g", "Output gate o", "Cell state c", "Hidden state h"],
      layer("cell.", "", 12, 1, 3),
    ],
    ["RNN", "RNN", ["Hidden state h"], layer("rnn.", "_l0", 6, 1, 6)],
  ];
  for (const [name, kind, maps, shapes] of cases) {
    await choose(page, `${name}.safetensors`, fileOf(shapes));
    await expect(page.getByTestId("file-status")).toHaveText(`${name}.safetensors is open.`);
    expect((await rows(page, "layers"))[0]![1]).toBe(kind);
    await page.getByLabel("Input", { exact: true }).selectOption("Noise");
    await run(page);
    expect(await page.getByTestId("maps").locator("strong").allTextContents()).toEqual(maps);
    expect(await difference(page)).toBeLessThan(1e-5);
  }

  await page.getByLabel("Nonlinearity").selectOption("relu");
  await run(page);
  expect(await difference(page)).toBeLessThan(1e-5);
  await choose(
    page,
    "two.safetensors",
    fileOf({ ...layer("a.", "_l0", 6, 1, 6), ...layer("b.", "_l0", 8, 2, 2) }),
  );
  await page.getByLabel("Layer", { exact: true }).selectOption("b");
  await expect(page.getByTestId("run-about")).toContainText("b from zero states. It takes 2 numbers a step.");
  await run(page);
  expect(complaints).toEqual([]);
});

test("runs pasted numbers, and says what is wrong with bad ones", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await button(page, "Open the example").click();
  await page.getByLabel("Input", { exact: true }).selectOption("Pasted numbers");
  const status = page.getByTestId("run-status");
  await button(page, "Run").click();
  await expect(status).toHaveText("Paste some numbers first.");
  await page.getByLabel("Numbers").fill("0.1, 0.2\n0.3 half");
  await button(page, "Run").click();
  await expect(status).toHaveText("“half” is no number that float32 can hold.");
  await page.getByLabel("Numbers").fill("0.1, 0.2\n0.3 -0.5");
  await run(page);
  await expect(status).toHaveText("Done: 4 steps.");
  expect(complaints).toEqual([]);
});

test("the keyboard reads the gate maps", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await button(page, "Open the example").click();
  await run(page);
  const value = page.getByTestId("map-value");
  await expect(value).toContainText("or move through it with the arrow keys");
  const map = page.getByTestId("maps").locator("canvas").first();
  await page.getByLabel("of", { exact: true }).focus();
  await page.keyboard.press("Tab");
  await expect(map).toBeFocused();
  await expect(value).toHaveText(/^Input gate i, step 0, unit 0: \d/);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  await expect(value).toHaveText(/^Input gate i, step 2, unit 1: \d/);
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowRight"); // there is no further step
  await expect(value).toContainText("step 71, unit 1");
  await page.keyboard.press("PageUp");
  await expect(value).toContainText("step 61, unit 1");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowUp");
  await expect(value).toContainText("step 0, unit 0");
  // The marker frames what is read, and the pointer reads as before.
  const marker = (await page.locator(".map-marker").first().boundingBox())!;
  const box = (await map.boundingBox())!;
  expect(Math.abs(marker.x - box.x)).toBeLessThan(4);
  await map.hover({ position: { x: box.width - 3, y: box.height - 3 } });
  await expect(value).toContainText("step 71, unit 11");
  await page.keyboard.press("Tab");
  await expect(value).toHaveText(/^Forget gate f, step 0, unit 0/);
  expect(complaints).toEqual([]);
});
