/** The built demo is a static site: every view works from a sub-folder of any site. */
import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "playwright/test";
import { Budget } from "../../src/formats/budget.ts";
import { readModel } from "../../src/formats/onnx/message.ts";
import { refuser } from "../../src/formats/refuse.ts";
import { button, visit } from "./page.ts";
import { openSite } from "./site.ts";

test("every view of the built demo works from a sub-path", async ({ page }, { outputDir }) => {
  using site = await openSite(outputDir);
  site.watch(page);
  await page.goto(site.address);

  // The preview of a link to it.
  await expect(page.locator('meta[property="og:image"]')).toHaveAttribute("content", /^https:.*\/card\.png$/);
  const card = await (await page.request.get(`${site.address}card.png`)).body();
  expect([card.readUInt32BE(16), card.readUInt32BE(20)]).toEqual([1200, 630]);
  expect(card.length).toBeLessThan(150_000);

  await expect(page.getByTestId("adapter")).toContainText("(software)");
  await button(page, "Start").click();
  await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });

  await visit(page, "Tune");
  await button(page, "Start").click();
  await expect(page.getByTestId("tune-done")).toHaveText(/^[1-9]/, { timeout: 60_000 });

  await visit(page, "Text");
  await button(page, "Start").click();
  await expect(page.getByTestId("text-steps")).toHaveText(/^[1-9]/, { timeout: 60_000 });

  await visit(page, "Stream");
  await expect(page.getByTestId("stream-steps")).toHaveText(/^[1-9]\d/, { timeout: 60_000 });

  await visit(page, "Inspect");
  await button(page, "Open the example").click();
  await button(page, "Run").click();
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 30_000 });

  // The classes' names are spelled out: those of the page's models, and the library's.
  expect(await nameOfSavedGraph(page)).toBe("StackModel");
  await button(page, "TensorFlow.js").click();
  await expect(page.getByTestId("file-status")).toHaveText("model.json is open.");
  expect(await nameOfSavedGraph(page)).toBe("TfjsModel");

  // TensorFlow.js is in separate files, with its WASM, which have not been loaded yet.
  await visit(page, "Compare");
  const before = site.fetched();
  await page.getByRole("checkbox", { name: "WebGPU" }).uncheck();
  await button(page, "Run").click();
  await expect(page.getByTestId("compare-status")).toHaveText("Done.", { timeout: 60_000 });
  expect(site.fetched()).toBeGreaterThan(before + 1e6);
  await expect(page.getByRole("table", { name: "Training step" })).toContainText("differs by");
  expect(site.failed).toEqual([]);
});

/** Saves the open file as ONNX, whose graph has the name of the model's class. */
async function nameOfSavedGraph(page: Page): Promise<string | undefined> {
  const downloading = page.waitForEvent("download");
  await button(page, "ONNX").last().click();
  const bytes = await readFile(await (await downloading).path());
  const refuse = refuser("test", "ONNX");
  return readModel(bytes, new Budget(bytes.length, refuse), refuse).graph?.name;
}

test("a visited page works without a connection, and waits for what it has not stored", async ({ page }, {
  outputDir,
}) => {
  const site = await openSite(outputDir);
  try {
    await page.goto(site.address);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) {
        await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
      }
    });
    site.online = false;
    await page.reload();
    await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 20_000 });
    await page.getByRole("radio", { name: "CO₂ over Mauna Loa" }).check({ force: true });
    await expect(page.getByTestId("series-about")).toContainText("carbon dioxide");
    await button(page, "Start").click();
    await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });

    await visit(page, "Compare");
    await page.getByRole("checkbox", { name: "WebGPU" }).uncheck();
    await button(page, "Run").click();
    await page.waitForTimeout(2500);
    site.online = true;
    await expect(page.getByTestId("compare-status")).toHaveText("Done.", { timeout: 60_000 });
    await expect(page.getByRole("table", { name: "Training step" })).toContainText("differs by");
  } finally {
    site[Symbol.dispose]();
  }
});
