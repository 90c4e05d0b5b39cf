/** The Forecast view before anything is trained: a model at work, points to drag, a series to draw, and what can be taken away. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { loadCheckpoint } from "../../src/index.ts";
import { finish, openForecast, place, shown } from "./forecast-page.ts";
import { busyTime, button, expectAccessible, watchMainThread } from "./page.ts";

const note = (page: Page) => shown(page, "roll-out-note");

/** What the network says for the next step, from moved points. */
async function next(page: Page): Promise<number> {
  await expect(note(page)).toContainText("the LSTM now says");
  return Number(/now says (−?[\d.]+)/.exec((await note(page).textContent())!)![1]!.replace("−", "-"));
}

/** Draws a line over points, from one place of their box to another (shares of its width and height). */
async function stroke(
  page: Page,
  chart: string,
  from: readonly [number, number],
  to: readonly [number, number],
) {
  const points = page.locator(`${chart} .points`);
  await points.scrollIntoViewIfNeeded();
  const box = (await points.boundingBox())!;
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 12 });
  await page.mouse.up();
}

test("opens with a trained model at work; moved points bend its forecast; a drawing trains", async ({
  page,
}) => {
  const complaints = await openForecast(page);
  // Nothing was pressed: scores that the page computes, and a start that walks.
  await expect(shown(page, "verdict")).toHaveText(
    /^Trained beforehand: below all baselines, by 0\.1\d °C\.$/,
    {
      timeout: 30_000,
    },
  );
  const origin = shown(page, "roll-out-origin");
  const first = (await origin.textContent())!;
  await expect(origin).not.toHaveText(first, { timeout: 15_000 });
  await expect(note(page)).toContainText(/over these 14 days: LSTM [\d.]+ °C/);
  await expect(shown(page, "parts")).toContainText("Learned from: training 1 Jan 2012 to 31 Dec 2013.");
  await expectAccessible(page);

  await watchMainThread(page);
  await stroke(page, "#roll-out-chart", [0.9, 0.5], [0.9, 0.05]);
  await expect(note(page)).toContainText("One point is moved");
  const high = await next(page);
  await stroke(page, "#roll-out-chart", [0.9, 0.1], [0.9, 0.95]);
  await expect.poll(() => next(page)).toBeLessThan(high - 2);
  expect((await busyTime(page)).longest).toBeLessThan(50);
  await expect(shown(page, "roll-out-verdict")).toHaveText("");
  // A touch has ended the walk.
  await expect(button(page, "Walk")).toBeVisible();

  await button(page, "Reset the points").click();
  await expect(note(page)).toContainText(/LSTM [\d.]+ °C/);
  const points = page.getByRole("slider", { name: "Last points that the network reads" });
  await points.focus();
  await page.keyboard.press("ArrowLeft");
  const before = await points.getAttribute("aria-valuetext");
  await page.keyboard.press("PageUp");
  await expect(points).not.toHaveAttribute("aria-valuetext", before!);
  await expect(note(page)).toContainText("One point is moved");
  await page.keyboard.press("Delete");
  await expect(points).toHaveAttribute("aria-valuetext", before!);
  await expect(note(page)).toContainText(/LSTM [\d.]+ °C/);

  await page.getByRole("radio", { name: "Draw one" }).check({ force: true });
  await expect(shown(page, "series-about")).toContainText("What you have drawn");
  const pad = page.getByRole("slider", { name: "Points of your series" });
  await stroke(page, "#draw-chart", [0.2, 0.1], [0.8, 0.9]);
  await expect(pad).toHaveAttribute("aria-valuetext", /^step 19[0-9] of 240: 1\d\.\d$/);
  await pad.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowUp");
  await expect(pad).toHaveAttribute("aria-valuetext", /^step 240 of 240: /);
  await place(page, { Epochs: 1 });
  await button(page, "Start").click();
  await expect(page.locator("#draw-chart .points")).toBeHidden();
  await finish(page, 10);
  await expect(note(page)).toContainText(/over these 20 steps: LSTM [\d.]+,/);
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test("a link shows the same; the model is saved, and opens in Inspect; less motion is respected", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const complaints = await openForecast(page, "/#forecast?series=sp500");
  await expect(page.getByRole("radio", { name: "S&P 500" })).toBeChecked();
  await expect(note(page)).toContainText(/LSTM [\d,.]+/, { timeout: 30_000 });
  await expect(button(page, "Walk")).toBeVisible();
  const download = page.waitForEvent("download");
  await button(page, "Save model").click();
  const file = await (await download).path();
  const { model, config } = loadCheckpoint(readFileSync(file));
  expect([...model.keys()]).toContain("rnn.weight_ih_l0");
  expect(config).toMatchObject({
    task: "forecast",
    series: "S&P 500",
    cell: "LSTM",
    hiddenSize: 16,
    window: 20,
  });
  await expect(shown(page, "forecast-saved")).toContainText("torch.nn.LSTM(1, 16");

  await page.getByLabel("Cell").selectOption("GRU");
  await expect(page).toHaveURL(/#forecast\?series=sp500&cell=GRU$/);
  await expect(button(page, "Save model")).toBeDisabled();
  await page.getByLabel("Cell").selectOption("LSTM");
  await expect(button(page, "Open in Inspect")).toBeEnabled({ timeout: 30_000 });
  await button(page, "Open in Inspect").click();
  await expect(page.locator("#inspect-view")).toContainText("sp500-lstm.safetensors", { timeout: 30_000 });
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 60_000 });
  expect(complaints).toEqual([]);
});
