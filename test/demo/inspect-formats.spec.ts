/** The Inspect view with other formats: what the file is, a run of the whole model, gates, and saving in another format. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { loadTorch } from "../../src/formats/load-torch.ts";
import { loadSafetensors } from "../../src/io/safetensors.ts";
import { drop, example, rows, run, VIEW } from "./inspect-page.ts";
import { button, dropFiles, expectAccessible, expectFits, open, WIDTHS } from "./page.ts";

const bytesOf = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url));
const EXAMPLES = "demo/inspect/examples";
const status = (page: Page) => page.getByTestId("file-status");

async function runModel(page: Page): Promise<string[][]> {
  await button(page, "Run the model").click();
  await expect(page.getByTestId("model-status")).toHaveText(/^Done in [\d.]+ ms/, { timeout: 60_000 });
  return rows(page, "model-outputs");
}

/** Saves the open file, and gives its name and bytes. */
async function save(page: Page, format: string): Promise<[name: string, bytes: Buffer]> {
  const downloading = page.waitForEvent("download");
  await button(page, format).last().click();
  const download = await downloading;
  await expect(page.getByTestId("save-status")).toContainText(`Saved ${download.suggestedFilename()}`);
  return [download.suggestedFilename(), readFileSync(await download.path())];
}

const difference = async (page: Page) =>
  Number(/differ by (\S+) at most/.exec((await page.getByTestId("gates-note").textContent()) ?? "")?.[1]);

for (const [width, size] of WIDTHS) {
  test(`an ONNX model: what it is, its run, its gates, and saved in three formats, ${width}`, async ({
    page,
  }) => {
    await page.setViewportSize(size);
    const complaints = await open(page, VIEW);
    await button(page, "ONNX").first().click();
    await expect(status(page)).toHaveText("example.onnx is open.");
    const facts = page.getByTestId("facts");
    for (const fact of ["FormatONNX", "Input xfloat [batch, time, 1]", "Parameters1,981"]) {
      await expect(facts).toContainText(fact);
    }
    await page.getByText(/^\d+ operators$/).click();
    await expect(page.getByTestId("operators")).toContainText("LSTM2");

    const before = await runModel(page);
    expect(before[0]!.slice(0, 2)).toEqual(["output", "[1, 24, 1]"]);
    await expect(page.locator("#model-chart canvas")).toBeVisible();
    await page.getByLabel("Layer", { exact: true }).selectOption("LSTM 2");
    await run(page);
    expect(await difference(page)).toBeLessThan(1e-5);
    await expectAccessible(page);
    await expectFits(page);

    const wanted = loadSafetensors(example).tensors.get("fc.bias")!.data;
    const [, safetensors] = await save(page, "safetensors");
    expect([...loadSafetensors(safetensors).tensors.values()].some(({ data }) => data[0] === wanted[0])).toBe(
      true,
    );
    const [, torch] = await save(page, ".pt");
    expect(Object.keys(loadTorch(torch) as object)).toHaveLength(loadSafetensors(safetensors).tensors.size);
    const [name, onnx] = await save(page, "ONNX");
    expect(name).toBe("example.onnx");
    await drop(page, "again.onnx", onnx);
    await expect(status(page)).toHaveText("again.onnx is open.");
    expect(await runModel(page)).toEqual(before);
    // Sizes that change are still free.
    await page.getByLabel("Sizes, [batch, time, 1]").fill("2, 7, 1");
    expect((await runModel(page))[0]![1]).toBe("[2, 7, 1]");
    expect(complaints).toEqual([]);
  });
}

test("a TensorFlow.js model runs on text, as a whole and layer by layer", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await button(page, "TensorFlow.js").click();
  await expect(status(page)).toHaveText("model.json is open.");
  expect((await rows(page, "layers")).map(([, kind, sizes]) => [kind, sizes])).toEqual([
    ["Embedding", "64 entries of 8"],
    ["LSTM", "input 8, hidden 10, 1 layer"],
    ["Linear", "10 → 3"],
  ]);
  const text = page.locator("#model-card").getByLabel("Text", { exact: true });
  await page.getByLabel("Sizes, [batch, time]").fill("1, 5");
  await text.fill("the sea");
  const [output] = await runModel(page);
  expect(output!.slice(0, 2)).toEqual(["output", "[1, 5, 3]"]);
  // Shares of classes: three of each step add up to 1.
  expect(Number(output![4])).toBeCloseTo(1 / 3, 3);
  await text.fill("");
  await button(page, "Run the model").click();
  await expect(page.getByTestId("model-status")).toHaveText("Write some text first.");

  await page.getByLabel("Input", { exact: true }).selectOption("Text");
  await run(page);
  await expect(page.getByTestId("run-status")).toHaveText("Done: 21 steps.");
  expect(await difference(page)).toBeLessThan(1e-5);
  await expectAccessible(page);

  // As ONNX it is the same model.
  await text.fill("the sea");
  const [, onnx] = await save(page, "ONNX");
  await drop(page, "moved.onnx", onnx);
  await page.getByLabel(/^Sizes/).fill("1, 5");
  await text.fill("the sea");
  await expect(page.locator(".model-input .note").last()).toContainText("modulo 64");
  const [moved] = await runModel(page);
  expect(moved!.slice(1, 5)).toEqual(output!.slice(1, 5));
  expect(complaints).toEqual([]);
});

test("a model.json with its shards, and what it says without them", async ({ page }) => {
  const complaints = await open(page, VIEW);
  const files = ["model.json", "group1-shard1of1.bin"].map(
    (name) => [name, bytesOf(`${EXAMPLES}/${name}`)] as const,
  );
  await drop(page, ...files[0]!);
  await expect(status(page)).toHaveText("model.json is described, but not opened.");
  const alert = page.getByRole("alert").first();
  await expect(alert).toContainText("choose or drop group1-shard1of1.bin together with the model.json");
  await expect(page.getByTestId("facts")).toContainText("FormatTensorFlow.js layers");
  await expect(button(page, "Run the model")).toBeHidden();
  await expectAccessible(page);
  await dropFiles(page, "footer", [files[1]!, files[0]!]);
  await expect(status(page)).toHaveText("model.json is open.");
  await expect(alert).toBeHidden();
  await page
    .getByLabel("Choose a file")
    .setInputFiles(files.map(([name, buffer]) => ({ name, mimeType: "application/octet-stream", buffer })));
  await expect(status(page)).toHaveText("model.json is open.");
  expect(complaints).toEqual([]);
});

test("a model that Keras saved runs as a whole", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await drop(page, "text.keras", bytesOf("test/goldens/keras_file_text.keras"));
  await expect(status(page)).toHaveText("text.keras is open.", { timeout: 20_000 });
  await expect(page.getByTestId("facts")).toContainText("FormatKeras");
  const [output] = await runModel(page);
  expect(output![1]).toBe("[1, 2]");
  expect(complaints).toEqual([]);
});

test("a .pt file, saved as the ONNX model of its layer; weights alone are no graph", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await button(page, ".pt").first().click();
  await expect(status(page)).toHaveText("example.pt is open.");
  await expect(page.getByTestId("facts")).toContainText("FormatPyTorch (.pt)");
  await run(page);
  const [name, onnx] = await save(page, "ONNX");
  expect(name).toBe("example.onnx");
  await drop(page, name, onnx);
  await expect(page.getByTestId("facts")).toContainText("Input xfloat [time, batch, 1]");
  const [output] = await runModel(page);
  expect(output![1]).toBe("[1, 1, 1]");

  await drop(page, "types.pt", bytesOf("test/goldens/torch_file_types.pt"));
  await expect(status(page)).toHaveText("types.pt is open.");
  await expect(page.getByTestId("save-note")).toContainText(
    "a file of weights alone does not say what is computed",
  );
  await expect(button(page, "ONNX").last()).toBeDisabled();
  await expect(page.getByTestId("save-note")).toContainText("F64");
  expect(complaints).toEqual([]);
});

test("Silero VAD, whose graph depends on a constant", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await drop(page, "silero.onnx", bytesOf("node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx"));
  await expect(status(page)).toHaveText("silero.onnx is open.", { timeout: 30_000 });
  await expect(page.getByLabel("Value", { exact: true })).toHaveValue("16000");
  const sizes = page.getByLabel(/^Sizes/);
  await sizes.first().fill("1, 576");
  const outputs = await runModel(page);
  expect(outputs.map(([name, shape]) => [name, shape])).toEqual([
    ["output", "[1, 1]"],
    ["stateN", "[2, 1, 128]"],
  ]);
  expect(complaints).toEqual([]);
});
