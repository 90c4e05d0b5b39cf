/** The Text view's runs: paused, cancelled, and resumed after a reload. */
import { expect, test } from "playwright/test";
import { button, expectAccessible, expectDiscardable, visit } from "./page.ts";
import { chapters, number, openText, SMALL, samples, shown } from "./text-page.ts";

test("offers to resume after a reload, and continues the same curve", async ({ page }) => {
  const complaints = await openText(page);
  await chapters(page, 1, 1);
  const steps = number(page, "text-steps");
  const status = shown(page, "status");
  const finish = async () => {
    await expect(status).toContainText("Done, 200 steps.", { timeout: 60_000 });
    const texts = (await samples(page)).map(({ text }) => text);
    return { texts, heldOut: await shown(page, "text-held-out-bits").textContent() };
  };
  await button(page, "Start").click();
  const straight = await finish();

  await button(page, "Start again").click();
  await expect.poll(steps, { timeout: 30_000 }).toBeLessThan(60);
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(60);
  await button(page, "Pause").click();
  await expect(status).toContainText("Paused in step", { timeout: 30_000 });
  const paused = await steps();
  await page.waitForTimeout(500);
  expect(await steps()).toBe(paused);
  expect(paused).toBeLessThan(200);

  await page.reload();
  const offer = page.getByRole("region", { name: "Interrupted run" });
  await expect(offer).toContainText(/The last run was interrupted in step \d+ of 200 steps/);
  await expectAccessible(page);
  await button(page, "Resume it").click();
  // The settings and the texts of the run are back.
  await expect(page.getByLabel("Hidden size")).toHaveValue(String(SMALL["Hidden size"]));
  await expect(page.getByLabel("to", { exact: true })).toHaveValue("1");
  await expect(offer).toBeHidden();
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThanOrEqual(paused);
  expect(await finish()).toEqual(straight);

  // It is over: there is nothing to resume.
  await page.reload();
  await expect(button(page, "Start")).toBeEnabled();
  await expect(offer).toBeHidden();
  expect(complaints).toEqual([]);
});

test("cancel stops it within a second and the model still writes; an offer can be discarded", async ({
  page,
}) => {
  const complaints = await openText(page, { ...SMALL, "Training steps": 6 });
  await chapters(page, 1, 1);
  await page.getByLabel("Cell").selectOption("RNN");
  const steps = number(page, "text-steps");
  await button(page, "Start").click();
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(60);
  await button(page, "Cancel").click();
  const before = performance.now();
  await expect(shown(page, "status")).toContainText("Cancelled after");
  expect(performance.now() - before).toBeLessThan(1000);
  await page.waitForTimeout(Math.max(0, 1000 - (performance.now() - before)));
  const stopped = await steps();
  await page.waitForTimeout(700);
  expect(await steps()).toBe(stopped);
  const { length } = await samples(page);
  await button(page, "Write").click();
  await expect.poll(() => samples(page), { timeout: 30_000 }).toHaveLength(length + 1);

  // A run that a closed page interrupted can be discarded.
  await button(page, "Start again").click();
  await expect.poll(steps, { timeout: 30_000 }).toBeLessThan(stopped);
  await button(page, "Pause").click();
  await expect(shown(page, "status")).toContainText("Paused", { timeout: 30_000 });
  await page.reload();
  await expectDiscardable(page);
  expect(complaints).toEqual([]);
});

test("another view pauses training, which then continues", async ({ page }) => {
  const complaints = await openText(page, { ...SMALL, Layers: 1, "Training steps": 6 });
  await chapters(page, 1, 1);
  await page.getByLabel("Cell").selectOption("LSTM");
  const steps = number(page, "text-steps");
  await button(page, "Start").click();
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(5);
  // It also writes on request during training.
  await button(page, "Write").click();
  const asked = async () => (await samples(page)).filter(({ about }) => about.includes("asked for")).length;
  await expect.poll(asked, { timeout: 30_000 }).toBe(1);
  await visit(page, "Inspect");
  await expect(page.getByRole("heading", { name: "Inspect a model" })).toBeVisible();
  await visit(page, "Text");
  await expect(shown(page, "status")).toContainText("Paused", { timeout: 30_000 });
  const paused = await steps();
  await button(page, "Resume").click();
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(paused);
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText("Cancelled");
  expect(complaints).toEqual([]);
});
