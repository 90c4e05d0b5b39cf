/**
 * The demo as a person uses it, on the software adapter: what is asserted is what can be read on the page.
 */
import { expect, type Page, test } from "playwright/test";
import { button, open } from "./page.ts";

/** The number that the page shows in a field. */
const number = (page: Page, id: string) => async (): Promise<number> =>
  Number.parseFloat((await page.getByTestId(id).textContent()) ?? "");

/** The MAE column of the table, °C, by row name. */
async function errors(page: Page): Promise<Record<string, number>> {
  const rows = page.getByTestId("scores").locator("tbody tr");
  const entries = await rows.evaluateAll((all) =>
    all.map((row) => [row.children[0]!.textContent, Number.parseFloat(row.children[1]!.textContent ?? "")]),
  );
  return Object.fromEntries(entries);
}

/** Waits until the table shows the model's error below both baselines'. */
async function beatsBaselines(page: Page, timeout: number): Promise<void> {
  await expect(page.getByTestId("verdict")).toContainText("below both baselines, by", { timeout });
  const { LSTM, ...baselines } = await errors(page);
  expect(Object.keys(baselines)).toHaveLength(2);
  for (const error of Object.values(baselines)) expect(LSTM).toBeLessThan(error);
}

test("trains, pauses, resumes, beats both baselines in the end, resets", async ({ page }) => {
  const complaints = await open(page);
  await expect(page.getByTestId("adapter")).toContainText("(software)");
  const epoch = number(page, "epoch");
  const loss = number(page, "train-loss");
  await page.evaluate(() => {
    const longest = { ms: 0 };
    Object.assign(window, { longest });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    }).observe({ type: "longtask" });
  });

  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  const first = await loss();
  expect(first).toBeGreaterThan(0);
  expect(await number(page, "speed")()).toBeGreaterThan(0);
  await expect.poll(loss, { timeout: 30_000 }).toBeLessThan(first * 0.7);

  await button(page, "Pause").click();
  await expect(page.getByTestId("status")).toContainText("Paused", { timeout: 15_000 });
  const paused = await epoch();
  await page.waitForTimeout(2500);
  expect(await epoch()).toBe(paused);

  await button(page, "Resume").click();
  await expect.poll(epoch, { timeout: 15_000 }).toBeGreaterThan(paused);
  await expect(page.getByTestId("status")).toContainText("Done", { timeout: 90_000 });
  await beatsBaselines(page, 1000);
  // Nothing that the page did while training kept it from answering for a quarter of a second.
  expect(
    await page.evaluate(() => (window as unknown as { longest: { ms: number } }).longest.ms),
  ).toBeLessThan(250);

  await button(page, "Reset").click();
  await expect(button(page, "Start")).toBeEnabled();
  expect(await epoch()).toBe(0);
  await expect(page.getByTestId("train-loss")).toHaveText("–");
  expect((await errors(page))["LSTM"]).toBeNaN();
  expect(complaints).toEqual([]);
});

test("beats both baselines a week ahead", async ({ page }) => {
  const complaints = await open(page);
  await page.getByRole("radio", { name: "7 days" }).check();
  await expect(page.getByTestId("scores")).toContainText("MAE on day 7");
  await button(page, "Start").click();
  await beatsBaselines(page, 75_000);
  expect(complaints).toEqual([]);
});

test("the learning rate changes while training; any other setting makes a new model", async ({ page }) => {
  const complaints = await open(page);
  const epoch = number(page, "epoch");
  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);

  await page.getByRole("slider", { name: "Learning rate" }).press("ArrowLeft");
  const before = await epoch();
  await expect.poll(epoch, { timeout: 15_000 }).toBeGreaterThan(before);

  const hidden = page.getByRole("slider", { name: "Hidden size" });
  const was = await hidden.getAttribute("aria-valuetext");
  await hidden.press("ArrowLeft");
  expect(Number(await hidden.getAttribute("aria-valuetext"))).toBeLessThan(Number(was));
  await expect(button(page, "Start")).toBeEnabled();
  expect(await epoch()).toBe(0);
  expect(complaints).toEqual([]);
});

test("fits a phone, and its charts follow the width", async ({ page }) => {
  await open(page);
  const chart = page.locator("#forecast-chart canvas");
  const wide = (await chart.boundingBox())!.width;
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(async () => (await chart.boundingBox())!.width).toBeLessThan(Math.min(wide, 390));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test("says so where there is no WebGPU, and where it has no adapter", async ({ page, browser }) => {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  await open(page);
  await expect(page.getByRole("alert")).toContainText("This browser has no WebGPU");
  await expect(button(page, "Start")).toBeDisabled();

  const other = await browser.newPage();
  await other.addInitScript(() => {
    GPU.prototype.requestAdapter = async () => null;
  });
  await open(other);
  await expect(other.getByRole("alert")).toContainText("WebGPU found no adapter");
  await expect(button(other, "Start")).toBeDisabled();
  await other.close();
});

test("says so when the device is lost", async ({ page }) => {
  await page.addInitScript(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      Object.assign(window, { loseDevice: () => device.destroy() });
      return device;
    };
  });
  await open(page);
  await button(page, "Start").click();
  await expect.poll(number(page, "epoch"), { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await page.evaluate(() => (window as unknown as { loseDevice(): void }).loseDevice());
  await expect(page.getByRole("alert")).toContainText("The GPU device was lost");
  await expect(button(page, "Start")).toBeDisabled();
});
