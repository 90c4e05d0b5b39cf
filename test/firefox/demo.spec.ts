/** The built demo in Firefox: the main job of every view, at both widths, light and dark. */
import { expect, type Locator, type Page } from "playwright/test";
import { loadCheckpoint } from "../../src/index.ts";
import { curve, expectBelowBaselines, finish, number, place, shown } from "../demo/forecast-page.ts";
import { button, expectAccessible, expectFits, visit } from "../demo/page.ts";
import * as text from "../demo/text-page.ts";
import * as tune from "../demo/tune-page.ts";
import { test } from "./test.ts";

/** A view that shows a model at work does so this soon after the device's answer, in ms. */
const ALIVE_MS = 10_000;

const PHONE = { width: 390, height: 844 };

/** Views with a shipped model, and what says that it works. */
const ALIVE: readonly (readonly [view: string, element: (page: Page) => Locator, says: RegExp])[] = [
  ["forecast", (page) => shown(page, "roll-out-note"), /LSTM [\d.]+ °C/],
  ["text", (page) => text.shown(page, "text-paper"), /.{30}/s],
  ["stream", (page) => page.getByTestId("stream-steps"), /^[1-9]\d/],
  ["inspect", (page) => page.getByTestId("run-status"), /^Done: 72 steps\.$/],
];

for (const [view, element, says] of ALIVE) {
  test(`${view}: a shipped model works by itself; the page fits and is accessible`, async ({ page }) => {
    await page.goto(`/#${view}`);
    await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 30_000 });
    const answered = performance.now();
    await expect(element(page)).toHaveText(says, { timeout: ALIVE_MS });
    console.log(`${view}: at work ${Math.round(performance.now() - answered)} ms after the device's answer`);
    await expectFits(page);
    await page.setViewportSize(PHONE);
    await page.getByRole("button", { name: "Dark theme" }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect(() => expectFits(page)).toPass({ timeout: 5000 }); // charts follow the width
    await expectAccessible(page);
  });
}

test("forecast: training lowers the loss and is cancelled; the model is saved and opens in Inspect", async ({
  page,
  saved,
}) => {
  await page.goto("/#forecast");
  await button(page, "Start").click();
  await expect.poll(number(page, "epoch"), { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText(/Cancelled after \d+ epochs/, { timeout: 2000 });
  const losses = (await curve(page)).map(([, training]) => Number(training));
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);

  await place(page, { Epochs: 1 });
  await button(page, "Start").click();
  await finish(page, 10);
  await expectBelowBaselines(page, "LSTM");
  await button(page, "Save model").click();
  const { model } = loadCheckpoint(await saved("seattle-lstm.safetensors"));
  expect([...model.keys()]).toContain("rnn.weight_ih_l0");
  await button(page, "Result card").click();
  await expect(page.getByRole("dialog").getByRole("img")).toHaveAttribute("alt", /°C/);
  await button(page, "Close").click();
  await button(page, "Open in Inspect").click();
  await expect(page.getByTestId("file-status")).toHaveText(/\.safetensors is open\.$/);
  await button(page, "Run").click();
  await expect(page.getByTestId("run-status")).toHaveText(/^Done: \d+ steps\.$/, { timeout: 30_000 });
});

test("text: a link's settings; training lowers the loss; the model writes on request", async ({ page }) => {
  await page.goto("/#text?unit=5&chapters=1-1&hidden=32&steps=200&length=32");
  await expect(text.shown(page, "text-unit-name")).toHaveText("Unit 5 of 64", { timeout: 30_000 });
  await text.place(page, text.SMALL);
  await button(page, "Start").click();
  await expect.poll(() => text.samples(page), { timeout: 60_000 }).not.toHaveLength(0);
  const bits = await text.number(page, "text-held-out-bits")();
  await expect(text.shown(page, "status")).toContainText("Done, 200 steps.", { timeout: 60_000 });
  expect(await text.number(page, "text-held-out-bits")()).toBeLessThan(bits);
  await page.getByLabel("Prompt").fill("Captain ");
  await button(page, "Write").click();
  await expect
    .poll(async () => (await text.samples(page))[0]!.text, { timeout: 30_000 })
    .toMatch(/^Captain /);
});

test("stream: a disturbance is found; a model is taught in the page", async ({ page }) => {
  await page.goto("/#stream");
  const status = page.getByTestId("stream-status");
  await expect(page.getByTestId("stream-steps")).toHaveText(/^[2-9]\d/, { timeout: 30_000 });
  await button(page, "Disturb").click();
  await expect(page.getByTestId("stream-count")).toHaveText("1", { timeout: 6000 });
  await button(page, "Teach it yourself").click();
  await expect(status).toContainText("Learning what is normal", { timeout: 20_000 });
  await expect(status).toHaveText("Watching the sensor.", { timeout: 60_000 });
  await expect(page.getByTestId("stream-model-note")).toHaveText("The model was taught in this page.");
});

test("tune: a search ends, and its best is shown", async ({ page }) => {
  await page.goto("/#tune");
  await tune.ready(page);
  await tune.keepSmall(page);
  await tune.search(page);
  expect(await tune.figure(page, "best")).toBeLessThanOrEqual(await tune.figure(page, "default"));
  // No axe-core here: Firefox ESR's process of the page crashes in it. Chromium's tests have it.
});

test("compare: both libraries run, and their results agree", async ({ page }) => {
  await page.goto("/#compare");
  await page.getByRole("checkbox", { name: "WebGPU" }).uncheck();
  await button(page, "Run").click();
  await expect(page.getByTestId("compare-status")).toHaveText("Done.", { timeout: 90_000 });
  const differences = [
    ...(await page.locator("#compare-view").innerText()).matchAll(/differs by ([\d.e-]+)/g),
  ];
  expect(differences).toHaveLength(2);
  for (const [, difference] of differences) expect(Number(difference)).toBeLessThan(1e-4);
  await expectAccessible(page);
});

test("a visited page works without a connection", async ({ page, demo }) => {
  await page.goto("/");
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    }
  });
  demo.online = false;
  try {
    await page.reload();
    await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 20_000 });
    await button(page, "Start").click();
    await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });
    await visit(page, "Inspect");
    await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 30_000 });
  } finally {
    demo.online = true;
  }
});
