/** The Stream view as a person uses it, on the software adapter. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { loadSafetensors } from "../../src/io/safetensors.ts";
import { button, expectAccessible, expectFits, open, visit, WIDTHS } from "./page.ts";

const VIEW = "/#stream";
const status = (page: Page) => page.getByTestId("stream-status");
const steps = async (page: Page) =>
  Number((await page.getByTestId("stream-steps").textContent())!.replace(",", ""));
const anomalies = async (page: Page) => Number(await page.getByTestId("stream-count").textContent());
/** A number that may have a minus sign and a unit. */
const number = async (page: Page, id: string) =>
  Number.parseFloat((await page.getByTestId(id).textContent())!.replace("−", "-"));

/** Waits until the sensor runs, which starts by itself, and some steps are answered. */
async function watch(page: Page): Promise<void> {
  await expect(status(page)).toHaveText("Watching the sensor.", { timeout: 45_000 });
  await reach(page, 20);
}

/** Waits until so many steps are answered. */
async function reach(page: Page, least: number): Promise<void> {
  await expect.poll(() => steps(page), { timeout: 30_000 }).toBeGreaterThan(least);
}

/** Steps after which a disturbance is over, and what follows counts as another. */
const OVER = 110;

/** Median of the steps in the worker and of the round trips, ms. */
async function medians(page: Page): Promise<number[]> {
  const rows = page.getByTestId("stream-quantiles").locator("tr");
  return rows.evaluateAll((all) => all.map((row) => Number.parseFloat(row.children[1]!.textContent ?? "")));
}

/** What a browser says of a script in a long frame. */
interface Script extends PerformanceEntry {
  readonly invoker: string;
  readonly sourceURL: string;
  readonly sourceFunctionName: string;
}

/**
 * From here on {@link longestScript} tells how long the page's own code ran at a stretch, in ms. Not long tasks: on a machine that is
 * busy with the GPU's work, whose every thread the software adapter is, a frame that does nothing may take 100 ms.
 */
async function watchScripts(page: Page): Promise<void> {
  await page.evaluate(() => {
    const scripts = { longest: 0, where: "" };
    Object.assign(window, { scripts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { scripts: ran } = entry as PerformanceEntry & { readonly scripts: readonly Script[] };
        for (const { duration, invoker, sourceURL, sourceFunctionName } of ran) {
          if (duration <= scripts.longest) continue;
          scripts.longest = duration;
          scripts.where = `${invoker} ${sourceURL} ${sourceFunctionName}`;
        }
      }
    }).observe({ type: "long-animation-frame" });
  });
}

/** The length of the longest script in ms, and where it ran. */
function longestScript(page: Page): Promise<{ longest: number; where: string }> {
  return page.evaluate(() => (window as unknown as { scripts: { longest: number; where: string } }).scripts);
}

interface Pointer {
  down(x: number, y: number): Promise<unknown>;
  move(x: number, y: number): Promise<unknown>;
  up(): Promise<unknown>;
}

async function mouse({ mouse }: Page): Promise<Pointer> {
  return {
    down: async (x, y) => {
      await mouse.move(x, y);
      await mouse.down();
    },
    move: (x, y) => mouse.move(x, y, { steps: 4 }),
    up: () => mouse.up(),
  };
}

/** A finger as the browser's own input has it: what it touches may scroll away from under it. */
async function finger(page: Page): Promise<Pointer> {
  const session = await page.context().newCDPSession(page);
  const send = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints });
  return {
    down: (x, y) => send("touchStart", { x, y }),
    move: (x, y) => send("touchMove", { x, y }),
    up: () => send("touchEnd"),
  };
}

for (const [width, size] of WIDTHS) {
  test(`predicts, finds disturbances and nothing else, pauses, stops, ${width}`, async ({ page }) => {
    await page.setViewportSize(size);
    const complaints = await open(page, VIEW);
    // Without a click, on the model that comes with the page.
    await watch(page);
    await expect(page.getByTestId("adapter")).toContainText("(software)");
    await expect(page.getByTestId("stream-model-note")).toContainText("came with this page");
    await watchScripts(page);

    // Normal running: values, predictions near them, latency; no anomaly.
    const [before, since] = [await steps(page), Date.now()];
    await reach(page, before + 60);
    const rate = (1000 * ((await steps(page)) - before)) / (Date.now() - since);
    expect(rate).toBeGreaterThan(20);
    expect(rate).toBeLessThan(33);
    expect(await number(page, "stream-speed")).toBeGreaterThan(20);
    expect(Math.abs(await number(page, "stream-value"))).toBeLessThan(2.5);
    expect(Math.abs(await number(page, "stream-predicted"))).toBeLessThan(2.5);
    const [inWorker, roundTrip] = await medians(page);
    expect(inWorker).toBeGreaterThan(0);
    expect(roundTrip).toBeGreaterThanOrEqual(inWorker!);
    expect(await anomalies(page)).toBe(0);

    // Its clock counts values: the same signal, faster.
    await page.getByLabel("Values per second").selectOption("60");
    const rows = page.getByTestId("stream-anomalies").locator("tbody tr");
    for (const [kind, n, by] of [
      ["Spike", 1, "one value"],
      ["Dropout", 2, "one value"],
      ["Drift", 3, "CUSUM"],
    ] as const) {
      const at = await steps(page);
      await page.getByLabel("Disturbance").selectOption(kind);
      await button(page, "Disturb").click();
      await expect.poll(() => anomalies(page), { timeout: 6000 }).toBe(n);
      const [step, found, method] = await rows.first().locator("th, td").allTextContents();
      expect(Number.parseInt(step!, 10)).toBeGreaterThan(at);
      expect(Math.abs(Number.parseFloat(found!.replace("−", "-")))).toBeGreaterThan(6);
      expect(method).toBe(by);
      await reach(page, at + OVER); // until it is over
    }
    expect(await anomalies(page)).toBe(3);
    const { longest, where } = await longestScript(page);
    expect(longest, where).toBeLessThan(50);

    // A hand on the chart is the sensor, and what it does is found.
    const surface = page.getByRole("slider", { name: "Your hand on the sensor" });
    const hand = await (width === "phone" ? finger(page) : mouse(page));
    await surface.scrollIntoViewIfNeeded();
    const box = (await surface.boundingBox())!;
    const height = (share: number) => [box.x + box.width / 2, box.y + share * box.height] as const;
    await hand.down(...height(0.5));
    await hand.move(...height(0.05));
    await expect.poll(() => number(page, "stream-value")).toBeGreaterThan(2);
    await expect.poll(() => anomalies(page)).toBe(4);
    await expect(page.locator(".stream-hand")).toBeVisible();
    await hand.up();
    await expect(page.locator(".stream-hand")).toBeHidden();
    await expect.poll(async () => Math.abs(await number(page, "stream-value"))).toBeLessThan(1);
    await reach(page, (await steps(page)) + OVER);
    // The keyboard does the same.
    await surface.press("Home");
    await expect(surface).toHaveAttribute("aria-valuetext", "held at −3.00; Escape lets go");
    await expect.poll(() => number(page, "stream-value")).toBe(-3);
    await expect.poll(() => anomalies(page)).toBe(5);
    await surface.press("Escape");
    await expect(surface).toHaveAttribute("aria-valuetext", /^not held/);

    await button(page, "Pause").click();
    await expect(status(page)).toHaveText("Paused.");
    await page.waitForTimeout(200);
    const paused = await steps(page);
    await page.waitForTimeout(400);
    expect(await steps(page)).toBe(paused);
    await button(page, "Resume").click();
    await expect.poll(() => steps(page)).toBeGreaterThan(paused + 5);

    // The worker and its device end at once.
    expect(page.workers()).toHaveLength(1);
    await button(page, "Stop").click();
    await expect(status(page)).toHaveText("Stopped, and the GPU is free.", { timeout: 1000 });
    await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
    const stopped = await steps(page);
    await page.waitForTimeout(300);
    expect(await steps(page)).toBe(stopped);

    // The learned model is used again after a restart.
    await button(page, "Start").click();
    await expect(status(page)).toHaveText("Watching the sensor.", { timeout: 5000 });
    expect(complaints).toEqual([]);
  });
}

test("many streams, other rates, a reset state and another threshold; leaving frees memory", async ({
  page,
}) => {
  const complaints = await open(page, VIEW);
  await watch(page);
  const costs = page.getByTestId("stream-costs").locator("tbody tr");
  for (const [count, rows] of [
    ["16", 2],
    ["256", 3],
  ] as const) {
    await page.getByLabel("Streams answered").selectOption(count);
    await expect(costs).toHaveCount(rows, { timeout: 10_000 });
    await expect(costs.last()).toContainText(`${count} (now)`);
  }
  const perStream = await costs.evaluateAll((all) => all.map((row) => Number(row.children[2]!.textContent)));
  // 256 streams in one step cost far less than 256 steps.
  expect(perStream[2]).toBeLessThan(perStream[0]! / 5);
  await page.getByLabel("Values per second").selectOption("60");
  await reach(page, (await steps(page)) + 90);
  expect(await anomalies(page)).toBeLessThanOrEqual(3);
  await button(page, "Disturb").click();
  await expect(page.getByTestId("stream-anomalies").locator("tbody tr").first()).toContainText("σ");

  await page.getByLabel("Values per second").selectOption("10");
  await expect.poll(() => number(page, "stream-speed"), { timeout: 8000 }).toBeLessThan(10.6);
  // Nothing is read while the page is hidden.
  const hide = (hidden: boolean) =>
    page.evaluate(
      (value) => Object.defineProperty(document, "hidden", { value, configurable: true }),
      hidden,
    );
  await hide(true);
  await page.waitForTimeout(150);
  const hidden = await steps(page);
  await page.waitForTimeout(400);
  expect(await steps(page)).toBe(hidden);
  await hide(false);
  await page.getByLabel("Streams answered").selectOption("1");
  await page.getByLabel("Values per second").selectOption("60");
  await expect.poll(() => number(page, "stream-speed"), { timeout: 10_000 }).toBeGreaterThan(40);

  // After a zero state, the first predictions are poor and do not count.
  const found = await anomalies(page);
  await button(page, "Reset state").click();
  await reach(page, (await steps(page)) + 60);
  expect(await anomalies(page)).toBeLessThanOrEqual(found + 1);

  await page.getByLabel("Threshold").fill("20");
  await expect(page.getByTestId("stream-threshold")).toContainText(
    ": 20 times the robust standard deviation",
  );

  await visit(page, "Inspect");
  await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
  await expect(page.getByTestId("page-note")).toHaveText("Stream is paused while another view is shown.");
  await visit(page, "Stream");
  await watch(page);
  // Stopped by hand, it stays so.
  await button(page, "Stop").click();
  await visit(page, "Inspect");
  await visit(page, "Stream");
  await expect(status(page)).toHaveText("Stopped, and the GPU is free.");
  expect(complaints).toEqual([]);
});

test("learning shows its progress, and can be stopped and started again", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await button(page, "Teach it yourself").click();
  await expect(status(page)).toContainText("Learning what is normal", { timeout: 20_000 });
  await expect(page.getByTestId("stream-time-left")).toContainText("left", { timeout: 20_000 });
  const progress = page.getByRole("progressbar", { name: "Progress of learning" });
  const done = () => progress.evaluate((bar: HTMLProgressElement) => bar.value);
  const before = await done();
  await expect.poll(done).toBeGreaterThan(before);
  await button(page, "Stop").click();
  await expect(status(page)).toContainText("Stopped", { timeout: 1000 });
  await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
  // What has not learned to its end is not used.
  await button(page, "Start").click();
  await watch(page);
  await expect(page.getByTestId("stream-model-note")).toContainText("came with this page");
  await button(page, "Teach it yourself").click();
  // The view watches until the click is answered, so only the note tells that the new model is in use.
  await expect(page.getByTestId("stream-model-note")).toHaveText("The model was taught in this page.", {
    timeout: 60_000,
  });
  await watch(page);
  await button(page, "Learn again").click();
  await expect(status(page)).toContainText("Learning what is normal", { timeout: 20_000 });
  expect(complaints).toEqual([]);
});

test("says that there is no microphone, no motion or no WebGPU", async ({ page }) => {
  const complaints = await open(page, VIEW);
  const alert = page.getByRole("alert");
  // Headless Chromium refuses permission requests.
  await page.getByLabel("Signal", { exact: true }).selectOption("Microphone level");
  await expect(alert).toBeHidden(); // it is asked for when Start is pressed
  await button(page, "Start").click();
  await expect(alert).toContainText(/The microphone was not allowed|No microphone was found/);
  await expect(alert).toContainText("press Start again, or watch the synthetic sensor");
  await expect(status(page)).toHaveText("Stopped.");
  await expectAccessible(page);

  await page.getByLabel("Signal", { exact: true }).selectOption("Device motion");
  await expect(alert).toBeHidden();
  await button(page, "Start").click();
  await expect(alert).toContainText("This device reports no motion");
  expect(page.workers()).toHaveLength(0);
  expect(complaints).toEqual([]);
});

test("says that WebGPU has no adapter", async ({ page }) => {
  // The worker requests the adapter, so its prototype is changed, before its own code runs.
  await page.route(/stream\/model\/worker\.ts/, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: `GPU.prototype.requestAdapter = async () => null;\n${body}` });
  });
  await open(page, VIEW);
  await expect(page.getByRole("alert")).toContainText("WebGPU found no adapter", { timeout: 20_000 });
  await expect(status(page)).toHaveText("Stopped.");
  await expect(button(page, "Start")).toBeEnabled();
});

for (const [width, size] of WIDTHS) {
  test(`axe-core finds nothing on Stream, light and dark, ${width}`, async ({ page }) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: "light" });
    await open(page, VIEW);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);
    await expectFits(page);
    await watch(page);
    await button(page, "Disturb").click();
    await expect.poll(() => anomalies(page)).toBeGreaterThan(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
      await expectAccessible(page);
      await expectFits(page);
    }
  });
}

test("another signal has nothing of the one before", async ({ page }) => {
  const complaints = await open(page, VIEW);
  await watch(page);
  await button(page, "Disturb").click();
  await expect.poll(() => anomalies(page)).toBeGreaterThan(0);
  await page.getByLabel("Signal", { exact: true }).selectOption("Microphone level");
  expect(await anomalies(page)).toBe(0);
  await expect(page.getByTestId("stream-anomalies")).toBeEmpty();
  await expect(page.getByTestId("stream-quantiles")).toBeEmpty();
  await expect(page.getByTestId("stream-costs")).toBeEmpty();
  await expect(page.getByTestId("stream-threshold")).toBeEmpty();
  await expect(page.getByTestId("stream-steps")).toHaveText("0");
  for (const id of ["stream-value", "stream-predicted", "stream-speed"]) {
    await expect(page.getByTestId(id)).toHaveText("–");
  }
  await expect(status(page)).toHaveText("Press Start: it learns what is normal first.");
  await expect(button(page, "Start")).toBeEnabled();
  // The frame that was already asked for draws nothing of it.
  await page.waitForTimeout(300);
  expect(await anomalies(page)).toBe(0);
  expect(complaints).toEqual([]);
});

test("a link begins with its choices; model and result can be taken away", async ({ page }) => {
  const complaints = await open(page, `${VIEW}?rate=60&threshold=8`);
  await watch(page);
  await expect(page.getByLabel("Values per second")).toHaveValue("60");
  await expect(page.getByTestId("stream-threshold")).toContainText(": 8 times the robust standard deviation");
  await page.getByLabel("Streams answered").selectOption("16");
  await expect(page).toHaveURL(/#stream\?rate=60&streams=16&threshold=8$/);
  await page.getByLabel("Values per second").selectOption("30");
  await expect(page).toHaveURL(/#stream\?streams=16&threshold=8$/);

  const downloading = page.waitForEvent("download");
  await button(page, "Save the model").click();
  const { tensors } = loadSafetensors(readFileSync(await (await downloading).path()));
  expect(tensors.get("gru.weight_hh_l0")!.shape).toEqual([72, 24]);
  await expect(page.locator("#stream-saved")).toContainText("safetensors.torch.load_file");
  await button(page, "Result card").click();
  const dialog = page.getByRole("dialog", { name: "Result card" });
  await expect(dialog.getByRole("img")).toHaveAttribute(
    "alt",
    /A sensor, predicted value by value\. anomalies: 0/,
  );
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Close" }).click();

  await button(page, "Open in Inspect").click();
  await expect(page.getByTestId("file-status")).toHaveText("next-value.safetensors is open.");
  await expect(page.getByTestId("layers")).toContainText("input 1, hidden 24, 1 layer");
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 60_000 });
  await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
  expect(complaints).toEqual([]);
});
