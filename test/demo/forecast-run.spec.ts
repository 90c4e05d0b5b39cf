/** The Forecast view's runs: paused, cancelled, resumed after a reload; what the main thread does meanwhile; and trouble. */
import { expect, type Page, test } from "playwright/test";
import {
  beforeWorker,
  choose,
  curve,
  errors,
  finish,
  number,
  openForecast,
  place,
  shown,
} from "./forecast-page.ts";
import { busyTime, button, expectAccessible, expectDiscardable, open, watchMainThread } from "./page.ts";

test("offers to resume after a reload, and continues the same curve", async ({ page }) => {
  const complaints = await openForecast(page);
  // Not the default series: it must come back with the run.
  await choose(page, "CO₂ over Mauna Loa", /carbon dioxide/);
  await page.getByLabel("Cell").selectOption("GRU");
  await place(page, { Epochs: 2 });
  const epoch = number(page, "epoch");
  await button(page, "Start").click();
  await finish(page, 20);
  const straight = { curve: await curve(page), errors: await errors(page) };
  expect(straight.curve.length).toBe(20);

  await button(page, "Start again").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeLessThan(5);
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(5);
  await button(page, "Pause").click();
  await expect(shown(page, "status")).toContainText("Paused in epoch");
  const paused = await epoch();
  expect(paused).toBeLessThan(20);
  await page.waitForTimeout(700);
  expect(await epoch()).toBe(paused);
  expect(await curve(page)).toEqual(straight.curve.slice(0, paused));

  await page.reload();
  const offer = page.getByRole("region", { name: "Interrupted run" });
  await expect(offer).toContainText(/The last run was interrupted in epoch \d+ of 20/);
  await expectAccessible(page);
  await button(page, "Resume it").click();
  await expect(offer).toBeHidden();
  await expect(page.getByRole("radio", { name: "CO₂" })).toBeChecked();
  await expect(page.getByLabel("Cell")).toHaveValue("GRU");
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(paused);
  expect((await curve(page)).slice(0, paused)).toEqual(straight.curve.slice(0, paused));
  await finish(page, 20);
  expect({ curve: await curve(page), errors: await errors(page) }).toEqual(straight);

  // It is over: there is nothing to resume.
  await page.reload();
  await expect(button(page, "Start")).toBeEnabled();
  await expect(offer).toBeHidden();
  expect(complaints).toEqual([]);
});

test("pauses, resumes, and cancels within a second; an offer can be discarded", async ({ page }) => {
  const complaints = await openForecast(page);
  const epoch = number(page, "epoch");
  const status = shown(page, "status");
  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  await button(page, "Pause").click();
  await expect(status).toContainText("Paused in epoch");
  const paused = await epoch();
  // The results so far are shown.
  expect((await errors(page))["LSTM"]).toBeGreaterThan(0);
  await button(page, "Resume").click();
  await expect.poll(epoch, { timeout: 15_000 }).toBeGreaterThan(paused);

  const before = performance.now();
  await button(page, "Cancel").click();
  await expect(status).toContainText(/Cancelled after \d+ epochs/);
  expect(performance.now() - before).toBeLessThan(1000);
  const stopped = await epoch();
  await page.waitForTimeout(1000);
  expect(await epoch()).toBe(stopped);
  // The scores are those of the weights at Cancel, not of the last forecast while it trained.
  await expect(shown(page, "verdict")).toHaveText(
    new RegExp(`^(After epoch ${stopped}|In epoch ${stopped + 1}): `),
  );

  // A cancelled run is not offered; a run that a closed page interrupted is, and can be discarded.
  await button(page, "Start again").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeLessThan(stopped);
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await button(page, "Pause").click();
  await expect(status).toContainText("Paused in epoch");
  await page.reload();
  await expectDiscardable(page);
  expect(complaints).toEqual([]);
});

test("the main thread stays free while it trains", async ({ page }) => {
  await openForecast(page);
  await watchMainThread(page);
  await button(page, "Start").click();
  await finish(page, 30);
  const { longest, framesPerSecond } = await busyTime(page);
  console.log(
    `longest task over 50 ms: ${longest} ms (0: none); ${framesPerSecond.toFixed(1)} frames a second`,
  );
  expect(longest).toBeLessThan(50);
  expect(framesPerSecond).toBeGreaterThan(30);
});

test("says that there is no WebGPU, and still shows the series", async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  await open(page);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("This browser has no WebGPU");
  await expect(button(page, "Start")).toBeDisabled();
  await page.getByRole("radio", { name: "Sine tutorial" }).check({ force: true });
  await expect(shown(page, "series-about")).toContainText("The sine tutorial");
  await expect(alert).toContainText("This browser has no WebGPU");
  await expect(button(page, "Start")).toBeDisabled();
  await expectAccessible(page);
});

test("says that WebGPU has no adapter", async ({ page }) => {
  await beforeWorker(page, "GPU.prototype.requestAdapter = async () => null");
  await open(page);
  await expect(page.getByRole("alert")).toContainText("WebGPU found no adapter");
  await expect(button(page, "Start")).toBeDisabled();
  await expect(page.getByTestId("adapter")).toHaveText("none");
});

test("says that the device is lost, and a new model gets a new one", async ({ page }) => {
  await beforeWorker(
    page,
    `const request = GPUAdapter.prototype.requestDevice;
     GPUAdapter.prototype.requestDevice = async function (...options) {
       const device = await request.apply(this, options);
       new BroadcastChannel("lose the device").onmessage = () => device.destroy();
       return device;
     }`,
  );
  await openForecast(page);
  await place(page, { Epochs: 6 });
  const epoch = number(page, "epoch");
  await button(page, "Start").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await page.evaluate(() => new BroadcastChannel("lose the device").postMessage(null));
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The GPU device was lost");
  await expect(shown(page, "status")).toHaveText("Stopped.");
  await button(page, "Start again").click();
  await expect(alert).toBeHidden();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
});

test("two tabs train at once, and neither is offered or loses what the other trains", async ({ context }) => {
  const start = async (series: string, about: RegExp) => {
    const page = await context.newPage();
    const complaints = await openForecast(page);
    if (series !== "Seattle") await choose(page, series, about);
    await button(page, "Start").click();
    await expect.poll(number(page, "epoch"), { timeout: 60_000 }).toBeGreaterThanOrEqual(1);
    await button(page, "Pause").click();
    await expect(shown(page, "status")).toContainText("Paused in epoch");
    return { page, complaints };
  };
  const offer = (page: Page) => page.getByRole("region", { name: "Interrupted run" });
  const co2 = await start("CO₂ over Mauna Loa", /carbon dioxide/);
  const seattle = await start("Seattle", /Seattle/);

  // Both are under way, so a third tab is offered neither.
  const third = await context.newPage();
  await openForecast(third);
  await third.waitForTimeout(500);
  await expect(offer(third)).toBeHidden();

  // The first one closed, its run is offered with its own plan, also beside a run that began later.
  const epoch = await number(co2.page, "epoch")();
  expect(co2.complaints).toEqual([]);
  await co2.page.close();
  await third.reload();
  await expect(offer(third)).toBeVisible();
  const fourth = await context.newPage();
  await openForecast(fourth);
  await expect(offer(fourth)).toBeVisible();
  await button(third, "Resume it").click();
  await expect(third.getByRole("radio", { name: "CO₂" })).toBeChecked();
  await expect.poll(number(third, "epoch"), { timeout: 60_000 }).toBeGreaterThan(epoch);

  // A tab whose offer is out of date says so, and the run goes on where it is.
  await button(fourth, "Resume it").click();
  await expect(fourth.getByRole("alert")).toContainText("Another tab has continued this run.");
  const reached = await number(third, "epoch")();
  await expect.poll(number(third, "epoch"), { timeout: 60_000 }).toBeGreaterThan(reached);
  expect(seattle.complaints).toEqual([]);
});
