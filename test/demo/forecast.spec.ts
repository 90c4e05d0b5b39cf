/** The Forecast view's series, as a person trains on them, on the software adapter: the tests read the page. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import {
  choose,
  curve,
  errors,
  expectBelowBaselines,
  finish,
  number,
  openForecast,
  place,
  shown,
} from "./forecast-page.ts";
import { button, expectAccessible, expectFits, WIDTHS } from "./page.ts";

/** The losses that PyTorch's tutorial prints. */
const { sine } = JSON.parse(readFileSync(new URL("../goldens/tutorials.json", import.meta.url), "utf8")) as {
  sine: { printEvery: number; printed: { losses: string[] } };
};

test("Seattle: the loss falls, and the forecast is below all baselines in the end", async ({ page }) => {
  const complaints = await openForecast(page);
  const [epoch, loss] = [number(page, "epoch"), number(page, "train-loss")];
  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  // From the table: by the time the page is read, it may show a later epoch.
  const first = Number((await curve(page))[0]![1]);
  expect(first).toBeGreaterThan(0);
  expect(await number(page, "speed")()).toBeGreaterThan(0);
  await expect.poll(loss, { timeout: 30_000 }).toBeLessThan(first / 3);
  await expect(shown(page, "time-left")).toContainText("left");

  await finish(page, 30);
  await expectBelowBaselines(page, "LSTM");
  await expect(shown(page, "verdict")).toContainText(
    /With the weights of epoch \d+: below all baselines, by 0\.\d\d °C/,
  );
  const losses = (await curve(page)).map(([, training]) => Number(training));
  expect(losses.length).toBe(30);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  expect(complaints).toEqual([]);
});

test("CO₂: forecasts the change since the last month better than the seasonal baselines", async ({
  page,
}) => {
  const complaints = await openForecast(page);
  await choose(page, "CO₂ over Mauna Loa", /carbon dioxide/);
  await expect(shown(page, "scores")).toContainText("MAE, ppm");
  await button(page, "Start").click();
  await finish(page, 60);
  await expectBelowBaselines(page, "LSTM");
  expect(Object.keys(await errors(page))).toContain("Seasonal naive + drift");
  expect(complaints).toEqual([]);
});

test("S&P 500: says that little can be expected, and is no better", async ({ page }) => {
  const complaints = await openForecast(page);
  await choose(page, "S&P 500", /index’s daily close/);
  await expect(shown(page, "caution")).toContainText("near a random walk");
  await place(page, { Epochs: 0 });
  await button(page, "Start").click();
  await finish(page, 5);
  const { LSTM: own, Persistence: persistence } = await errors(page);
  expect(Math.abs(own! / persistence! - 1)).toBeLessThan(0.03);
  expect(complaints).toEqual([]);
});

test("the sine preset is the tutorial: its losses are those that PyTorch prints", async ({ page }) => {
  const complaints = await openForecast(page);
  await choose(page, "Sine tutorial", /sine tutorial/);
  await expect(page.getByLabel("Preset")).toHaveValue("The tutorial");
  for (const [name, value] of [
    ["Window", "20 steps"],
    ["Horizon", "1 step"],
    ["Hidden size", "50"],
    ["Layers", "1"],
    ["Learning rate", "0.01"],
    ["Batch size", "all at once"],
    ["Epochs", "100"],
  ] as const) {
    await expect(page.getByRole("slider", { name, exact: true })).toHaveAttribute("aria-valuetext", value);
  }
  await expect(page.getByLabel("Cell")).toHaveValue("LSTM");
  await button(page, "Start").click();
  await expect.poll(number(page, "epoch"), { timeout: 90_000 }).toBeGreaterThanOrEqual(20);
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText("Cancelled after");
  const { printed, printEvery } = sine;
  const losses = (await curve(page)).map(([, training]) => training);
  expect([losses[printEvery - 1], losses[2 * printEvery - 1]]).toEqual(printed.losses.slice(0, 2));
  expect(complaints).toEqual([]);
});

test("every kind of cell learns, also a week ahead", async ({ page }) => {
  const complaints = await openForecast(page);
  await page.getByLabel("Preset").selectOption("A week ahead");
  await expect(shown(page, "scores")).toContainText("MAE on day 7");
  await place(page, { Epochs: 0 });
  await expect(page.getByLabel("Preset")).toHaveValue("Your own");
  for (const cell of ["GRU", "RNN", "LSTM"]) {
    await page.getByLabel("Cell").selectOption(cell);
    expect((await errors(page))[cell]).toBeNaN();
    await page.getByRole("button", { name: /^Start/ }).click();
    await finish(page, 5);
    const losses = (await curve(page)).map(([, training]) => Number(training));
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.8);
    expect((await errors(page))[cell]).toBeLessThan((await errors(page))["Persistence"]!);
  }
  expect(complaints).toEqual([]);
});

for (const [name, size] of WIDTHS) {
  test(`the roll-out starts where the keyboard puts it, ${name}`, async ({ page }) => {
    await page.setViewportSize(size);
    const complaints = await openForecast(page);
    await choose(page, "CO₂ over Mauna Loa", /carbon dioxide/);
    await place(page, { Epochs: 1 });
    const note = shown(page, "roll-out-note");
    await expect(note).toContainText(/over these 24 months: Persistence [\d.]+ ppm, Seasonal naive/);
    await button(page, "Start").click();
    await finish(page, 10);
    await expect(note).toContainText(/over these 24 months: LSTM [\d.]+ ppm, Persistence/);
    await expectOwnVerdict(page);
    const before = await note.textContent();

    const from = page.getByRole("slider", { name: "From" });
    await expect(shown(page, "roll-out-origin")).toHaveText("Nov 2012");
    await from.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect(from).toHaveAttribute("aria-valuetext", "Jan 2013");
    await expect(note).toContainText("LSTM", { timeout: 10_000 });
    expect(await note.textContent()).not.toBe(before);

    // The last start leaves exactly the chosen number of steps.
    await page.keyboard.press("End");
    await expect(from).toHaveAttribute("aria-valuetext", "May 2018");
    await page.getByRole("slider", { name: "Steps ahead" }).press("End");
    await expect(from).toHaveAttribute("aria-valuetext", "May 2015");
    await expect(note).toContainText(/over these 60 months: LSTM/, { timeout: 10_000 });
    await expectAccessible(page);
    await expectFits(page);
    expect(complaints).toEqual([]);
  });
}

test("the learning rate changes while it trains, the rest waits; a change then makes a new model", async ({
  page,
}) => {
  const complaints = await openForecast(page);
  const epoch = number(page, "epoch");
  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  const hidden = page.getByRole("slider", { name: "Hidden size" });
  await expect(hidden).toBeDisabled();
  await expect(page.getByRole("radio", { name: "Sine tutorial" })).toBeDisabled();
  await page.getByRole("slider", { name: "Learning rate" }).press("ArrowLeft");
  const before = await epoch();
  await expect.poll(epoch, { timeout: 15_000 }).toBeGreaterThan(before);
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText("Cancelled after");

  await hidden.press("ArrowLeft");
  await expect(hidden).toHaveAttribute("aria-valuetext", "8");
  await expect(button(page, "Start")).toBeEnabled();
  expect(await epoch()).toBe(0);
  await expect(shown(page, "train-loss")).toHaveText("–");
  expect((await errors(page))["LSTM"]).toBeNaN();
  expect(complaints).toEqual([]);
});

test("a series that cannot be loaded is not chosen: what was shown stays, and trains", async ({ page }) => {
  await page.route(/\/series\/co2\.ts/, (route) => route.abort());
  await openForecast(page);
  await page.getByRole("radio", { name: "CO₂ over Mauna Loa" }).check({ force: true });
  await expect(page.getByRole("alert")).toContainText("A part of this page could not be loaded");
  await expect(page.getByRole("radio", { name: "Seattle" })).toBeChecked();
  await expect(shown(page, "series-about")).toContainText("daily maximum temperature");
  await button(page, "Start").click();
  await expect.poll(number(page, "epoch"), { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await expect(page.getByRole("radio", { name: "Seattle" })).toBeChecked();
});

/** Fails unless the roll-out's verdict is the one that its errors give. */
async function expectOwnVerdict(page: Page): Promise<void> {
  const note = (await shown(page, "roll-out-note").textContent())!;
  const [own, ...others] = [...note.matchAll(/([\d.]+) ppm/g)].map(([, error]) => Number(error));
  const lead = Math.min(...others) - own!;
  const verdict = shown(page, "roll-out-verdict");
  await expect(verdict).toContainText(
    lead > 0 ? "LSTM: below all baselines" : /LSTM: (as far off as|.* above) /,
  );
  await expect(verdict).toHaveClass(lead > 0 ? "verdict good" : "verdict");
}
