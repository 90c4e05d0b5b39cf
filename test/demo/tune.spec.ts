/** The Tune view: a search in workers, kept by the browser. */
import { readFile } from "node:fs/promises";
import { expect, test } from "playwright/test";
import { loadSafetensors } from "webgpu-lstm";
import { loadStudy, MemoryJournal } from "webgpu-lstm/search";
import { busyTime, button, expectAccessible, expectFits, visit, WIDTHS, watchMainThread } from "./page.ts";
import { choose, figure, keepSmall, openTune, ready, search, settings } from "./tune-page.ts";

test("tunes Seattle's forecast, keeps the page smooth, and hands the best on", async ({ page }) => {
  const complaints = await openTune(page);
  await keepSmall(page);
  await watchMainThread(page);
  await search(page);
  const { longest } = await busyTime(page);
  expect(longest).toBeLessThanOrEqual(50);

  await expect.poll(() => figure(page, "done")).toBe(5);
  const [best, shipped] = [await figure(page, "best"), await figure(page, "default")];
  expect(best).toBeLessThanOrEqual(shipped);
  // A line for each complete trial, a curve for each trial, and the names of all parameters.
  const complete = 5 - (await figure(page, "pruned"));
  await expect(page.locator("#tune-parallel path")).toHaveCount(complete);
  await expect(page.locator("#tune-curves path")).toHaveCount(5);
  for (const name of ["batch", "cell", "hidden", "layers", "lr", "window"]) {
    const texts = (chart: string) =>
      page.locator(`#tune-${chart} text`, { hasText: new RegExp(`^${name}$`) });
    await expect(texts("parallel")).toHaveCount(1);
    // One complete trial says nothing about parameters.
    await expect(texts("importance")).toHaveCount(complete > 1 ? 1 : 0);
  }
  await expectAccessible(page);

  // The held-out part is judged when asked for.
  const heldOut = page.getByTestId("tune-held-out");
  await expect(heldOut).toContainText("by the validation part alone");
  await button(page, "Test on the held-out part").click();
  await expect(heldOut).toContainText(/the best \d+\.\d\d °C, the defaults \d+\.\d\d °C/, {
    timeout: 60_000,
  });

  // The study is Optuna's file, and the weights are those of the best trial.
  const saved = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
    return readFile(await download.path());
  };
  const study = await loadStudy({ storage: new MemoryJournal((await saved("Save the study")).toString()) });
  expect(study.trials).toHaveLength(5);
  expect(study.bestValue).toBeCloseTo(best, 4);
  const { metadata, tensors } = loadSafetensors(await saved("Save the weights"));
  const { hiddenSize } = JSON.parse(metadata["config"]!) as { hiddenSize: number };
  expect(hiddenSize).toBe(study.bestParams["hidden"]);
  expect(tensors.get("fc.weight")!.shape).toEqual([1, hiddenSize]);
  await expect(page.getByRole("group", { name: "In PyTorch" })).toContainText("safetensors.torch.load_file");
  await expect(page.getByRole("group", { name: "In this library" })).toContainText(`(${hiddenSize}, 1)`);

  // The result card is a picture of 1200 × 630.
  await button(page, "Result card").click();
  await expect(page.getByRole("dialog").getByRole("img")).toHaveAttribute("alt", /best validation loss/);
  await expectAccessible(page);
  const card = await saved("Save as PNG");
  expect(card.subarray(1, 4).toString()).toBe("PNG");
  expect([card.readUInt32BE(16), card.readUInt32BE(20)]).toEqual([1200, 630]);
  await button(page, "Close").click();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  // Inspect gets the same file.
  await button(page, "Open in Inspect").click();
  await expect(page.getByTestId("file-status")).toHaveText(/^seattle-trial-\d+\.safetensors is open\.$/, {
    timeout: 20_000,
  });
  await page.goBack();

  // Forecast has the same settings, and reaches the same validation loss.
  const mae = /the best (\d+\.\d\d)/.exec((await heldOut.textContent())!)![1];
  await button(page, "Open in Forecast").click();
  const forecast = page.locator("#forecast-view");
  await expect(forecast.getByLabel("Preset")).toHaveValue("Your own");
  await expect(forecast.getByRole("slider", { name: "Hidden size" })).toHaveAttribute(
    "aria-valuetext",
    String(hiddenSize),
  );
  await forecast.getByRole("button", { name: "Start", exact: true }).click();
  await expect(forecast.getByTestId("status")).toContainText("Done, 2 epochs", { timeout: 60_000 });
  await expect(forecast.getByTestId("scores")).toContainText(mae!);
  expect(complaints).toEqual([]);
});

test("survives a reload in the middle, stops, and another tab goes on beside it", async ({
  page,
  context,
}) => {
  const complaints = await openTune(page);
  await keepSmall(page, 20);
  await button(page, "Start").click();
  await expect.poll(() => figure(page, "done"), { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
  await page.reload();
  await ready(page);
  // The address has the choices.
  expect(page.url()).toContain("#tune?epochs=2&hidden=8-32&layers=1-1&batch=64-128&window=5-14");
  await expect(page.getByLabel("Hidden size to")).toHaveValue("32");
  await keepSmall(page, 160);
  await expect.poll(() => figure(page, "done"), { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  const kept = await figure(page, "done");

  await button(page, "Start").click();
  await expect.poll(() => figure(page, "done"), { timeout: 60_000 }).toBeGreaterThan(kept);
  const other = await context.newPage();
  await openTune(other);
  await keepSmall(other);
  await search(other);
  // The study of a tab that is at work cannot be deleted from another.
  other.once("dialog", (dialog) => void dialog.accept());
  await button(other, "Delete this study").click();
  await expect(other.getByRole("alert")).toContainText("Another tab searches in this study; stop it first.");
  await expect(button(page, "Stop")).toBeEnabled();
  await button(page, "Stop").click();
  await expect(page.getByTestId("tune-status")).toContainText(/trials? so far/, { timeout: 60_000 });

  // Nothing lost, nothing doubled: numbers without a gap, and the defaults once.
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    button(page, "Save the study").click(),
  ]);
  const text = (await readFile(await download.path())).toString();
  // Only the study that was started is there.
  const journal = new MemoryJournal(text);
  const { trials } = await loadStudy({ storage: journal });
  expect(trials.map(({ number }) => number)).toEqual(trials.map((_, i) => i));
  expect(
    trials.filter(({ state }) => state === "COMPLETE" || state === "PRUNED").length,
  ).toBeGreaterThanOrEqual(kept + 5);
  expect(trials.filter(({ state }) => state === "RUNNING")).toEqual([]);
  const failed = trials.filter(({ state }) => state === "FAIL");
  for (const { reason } of failed) expect(reason).toMatch(/queued again/);
  expect(complaints).toEqual([]);
});

for (const [width, viewport] of WIDTHS) {
  for (const theme of ["light", "dark"] as const) {
    test(`fits a ${width} and is accessible, ${theme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme });
      const complaints = await openTune(page);
      await expectFits(page);
      await expectAccessible(page);
      await choose(page, "Trials", "10");
      await page.getByLabel("Series").selectOption("sine");
      await expect(page.getByLabel("Forecast", { exact: true })).toHaveValue("The tutorial");
      // All windows are one batch: nothing to choose.
      await expect(page.getByLabel("Batch size to")).toBeHidden();
      await expectFits(page);
      expect(complaints).toEqual([]);
    });
  }
}

test("deletes a study, and keeps the cell of the defaults", async ({ page }) => {
  const complaints = await openTune(page);
  await keepSmall(page);
  // The defaults are a trial, so their cell stays.
  await expect(page.getByLabel("LSTM", { exact: true })).toBeDisabled();
  await page.getByLabel("GRU", { exact: true }).uncheck();
  await search(page);
  expect((await settings(page)).find(([name]) => name === "cell")!.slice(1)).toEqual(["LSTM", "LSTM"]);
  page.once("dialog", (dialog) => void dialog.accept());
  await button(page, "Delete this study").click();
  await expect(page.getByTestId("tune-status")).toHaveText("Ready.");
  await expect.poll(() => figure(page, "done")).toBe(0);
  expect(complaints).toEqual([]);
});

test("another view stops the search, which goes on later", async ({ page }) => {
  const complaints = await openTune(page);
  await keepSmall(page, 40);
  await button(page, "Start").click();
  await expect.poll(() => figure(page, "done"), { timeout: 60_000 }).toBeGreaterThanOrEqual(1);
  await visit(page, "Inspect");
  await expect(page.locator("#tune-view")).toBeHidden();
  await expect(page.getByRole("link", { name: "Tune stopped" })).toBeVisible();
  await visit(page, "Tune");
  await ready(page);
  const soFar = async () => {
    const status = page.getByTestId("tune-status");
    await expect(status).toContainText(/trials? so far/);
    return Number.parseInt((await status.textContent())!, 10);
  };
  const before = await soFar();
  await choose(page, "Trials", "5");
  // Two at a time: another worker, with a device of its own.
  await choose(page, "Trials at a time", "2");
  await search(page);
  expect(await soFar()).toBe(before + 5);
  await expect.poll(() => figure(page, "done")).toBe(before + 5);
  expect(page.workers().filter((worker) => worker.url().includes("/tune/"))).toHaveLength(2);
  expect(complaints).toEqual([]);
});
