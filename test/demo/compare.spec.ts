/** The Compare view as a person uses it, on the software adapter. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import type { Curve } from "../../demo/compare/race/race-result.ts";
import {
  busyTime,
  button,
  expectAccessible,
  expectFits,
  open,
  visit,
  WIDTHS,
  watchMainThread,
} from "./page.ts";
import { openSite } from "./site.ts";

const VIEW = "/#compare";
const status = (page: Page) => page.getByTestId("compare-status");

/** The cells of a table's row, by the column's title. */
async function row(page: Page, name: string, library: string): Promise<Record<string, string>> {
  const table = page.getByRole("table", { name });
  const titles = await table.locator("thead tr").locator("th, td").allTextContents();
  const cells = await table.getByRole("row", { name: library }).locator("th, td").allTextContents();
  return Object.fromEntries(titles.map((title, i) => [title, cells[i]!]));
}

/** Chooses only one peer, so that the test is quick. */
async function only(page: Page, peer: "WebGPU" | "WASM"): Promise<void> {
  await page.getByRole("checkbox", { name: peer === "WebGPU" ? "WASM" : "WebGPU" }).uncheck();
}

test("runs both libraries, their results agree, TensorFlow.js is slower, the table can be copied", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(request.url()));
  const tensorFlow = () => fetched.filter((url) => /tensorflow|tfjs/i.test(url));
  const complaints = await open(page, VIEW);
  await expect(status(page)).toContainText("TensorFlow.js is fetched then");
  await page.waitForTimeout(300);
  expect(tensorFlow()).toEqual([]);
  await expect(page.getByTestId("adapter")).toHaveText("not in use yet");

  const start = Date.now();
  await button(page, "Run").click();
  await expect(status(page)).toContainText("first training step");
  await expect(page.getByTestId("compare-time-left")).toContainText("left", { timeout: 60_000 });
  await expect(status(page)).toHaveText("Done.", { timeout: 120_000 });
  console.log(`the small comparison took ${((Date.now() - start) / 1000).toFixed(1)} s`);
  expect(tensorFlow().some((url) => url.includes("webgpu"))).toBe(true);
  expect(tensorFlow().some((url) => url.endsWith(".wasm"))).toBe(true);
  await expect(page.getByTestId("adapter")).toContainText("(software)");
  await expect(page.getByTestId("compare-adapter")).toContainText("It is software");

  for (const [name, check] of [
    ["Training step", /^loss 0\.\d{6}$/],
    ["Inference", /^32 values$/],
  ] as const) {
    const ours = await row(page, name, "webgpu-lstm");
    expect(Number(ours["ms a step"])).toBeGreaterThan(0);
    expect(ours["times ours"]).toBe("1");
    expect(Number(ours["dispatches"])).toBeGreaterThan(0);
    expect(ours["first result"]).toMatch(check);
    const webgpu = await row(page, name, "TensorFlow.js, WebGPU");
    expect(
      Number.parseFloat(webgpu["times ours"]!.replace("at least ", "").replace(",", "")),
    ).toBeGreaterThan(1);
    for (const peer of ["TensorFlow.js, WebGPU", "TensorFlow.js, WASM"]) {
      const cells = await row(page, name, peer);
      expect(cells["first result"]).toContain(ours["first result"]!.slice(0, 9));
      expect(Number(/differs by (\S+)$/.exec(cells["first result"]!)?.[1])).toBeLessThan(1e-4);
      expect(Number(cells["dispatches"]!.replace(",", ""))).toBeGreaterThan(Number(ours["dispatches"]));
    }
  }
  await expect(page.getByTestId("compare-verdict")).toContainText("Training step: TensorFlow.js takes");

  await button(page, "Copy as Markdown").click();
  await expect(page.getByTestId("compare-copied")).toHaveText("Copied: two tables in Markdown.");
  const markdown = await page.evaluate(() => navigator.clipboard.readText());
  expect(markdown).toContain("LSTM(1→50) + Linear(50→1)");
  expect(markdown).toContain("swiftshader");
  expect(markdown).toContain(
    "| Library | ms a step | times ours | dispatches | first step, ms | first result |",
  );
  expect(markdown.match(/^\| TensorFlow\.js, WebGPU \| [\d,.]+ \| [\d,.]+ \| [\d,]+ \|/gm)).toHaveLength(2);
  await expect.poll(() => page.workers().length, { timeout: 3000 }).toBe(0);
  expect(complaints).toEqual([]);
});

test("races to the end, says who was faster where, and takes the result along", async ({ page, context }, {
  outputDir,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const complaints = await open(page, `${VIEW}?seconds=1`);
  const race = page.getByTestId("race-status");
  await expect(page.getByRole("heading", { name: "Take the results with you" })).toBeHidden();
  await watchMainThread(page);
  await button(page, "Start the race").click();
  await expect(button(page, "Run")).toBeDisabled();
  // A software adapter: WASM races, and TensorFlow.js's WebGPU is not loaded.
  await expect(race).toContainText(/^Run 1 of 3: loss/, { timeout: 60_000 });
  await expect(race).toHaveText("The race is over.", { timeout: 60_000 });
  const { longest } = await busyTime(page);
  expect(longest).toBeLessThanOrEqual(50);
  const verdict = page.getByTestId("race-verdict");
  await expect(verdict).toHaveText(
    /^On .*swiftshader.*, .+ trains \d[\d.]* times as fast as .+ \(3 runs, [\d.]+ to [\d.]+\): for [\d,]+ steps? webgpu-lstm takes/,
  );
  await expect(verdict).toContainText("TensorFlow.js, WASM");
  // Both curves are named in the legend.
  const names = page.locator("#race-chart .u-label");
  const widths = await names.evaluateAll((all) => all.map((name) => name.getBoundingClientRect().width));
  expect(widths.filter((width) => width > 60)).toHaveLength(2);
  const ours = await row(page, "Race", "webgpu-lstm");
  expect(Number.parseFloat(ours["steps a second"]!)).toBeGreaterThan(0);
  await expectAccessible(page);
  await expectFits(page);

  await button(page, "Copy as JSON").click();
  await expect(page.getByTestId("compare-copied")).toHaveText("Copied: all samples as JSON.");
  const { race: copied } = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as {
    race: { peer: string; runs: { ours: Curve; theirs: Curve }[] };
  };
  expect(copied.peer).toBe("tfjs-wasm");
  expect(copied.runs).toHaveLength(3);
  for (const { ours, theirs } of copied.runs) {
    // The same weights, batches, loss and optimizer: the first losses are the same, and learning is under way.
    for (const [i, loss] of ours.losses.slice(0, 10).entries()) {
      expect(Math.abs(theirs.losses[i]! / loss - 1)).toBeLessThan(1e-3);
    }
    expect(ours.seconds.at(-1)).toBeGreaterThanOrEqual(1);
    expect(theirs.seconds.at(-1)).toBeGreaterThanOrEqual(1);
    expect(Math.min(...ours.losses)).toBeLessThan(ours.losses[0]! / 2);
  }
  const { bugs } = JSON.parse(readFileSync("package.json", "utf8")) as { bugs: string };
  const issue = new URL((await page.getByRole("link", { name: "Send us yours" }).getAttribute("href"))!);
  expect(`${issue.origin}${issue.pathname}`).toBe(`${bugs}/new`);
  expect(issue.searchParams.get("body")).toContain("**Race**");

  await button(page, "Result card").click();
  await expect(page.getByRole("dialog").getByRole("img")).toHaveAttribute("alt", /steps a second/);
  await page.getByRole("dialog").screenshot({ path: `${outputDir}/card.png` });
  await button(page, "Close").click();
  await button(page, "Copy a link to this race").click();
  await expect(race).toHaveText("The link is copied.");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/#compare\?seconds=1$/);
  await expect.poll(() => page.workers().length, { timeout: 3000 }).toBe(0);
  expect(complaints).toEqual([]);
});

for (const [width, size] of WIDTHS) {
  test(`cancel stops it within a second, axe-core finds nothing, ${width}`, async ({ page }) => {
    await page.setViewportSize(size);
    const complaints = await open(page, VIEW);
    await expect(button(page, "Run")).toBeEnabled();
    await expectAccessible(page);
    await only(page, "WASM");
    await button(page, "Run").click();
    await expect(status(page)).toContainText("Timing, in turn", { timeout: 60_000 });
    expect(page.workers().length).toBeGreaterThan(0);
    await button(page, "Cancel").click();
    await expect(status(page)).toHaveText("Cancelled; what was measured stays.", { timeout: 1000 });
    await expect(button(page, "Run")).toBeEnabled();
    await expect.poll(() => page.workers().length, { timeout: 3000 }).toBe(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
      await expectAccessible(page);
      await expectFits(page);
    }
    // Without permission to copy, the page shows the text.
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await button(page, "Copy as Markdown").click();
    await expect(page.getByLabel("Markdown", { exact: true })).toHaveValue(/\| webgpu-lstm \|/);
    await expectAccessible(page);
    await expectFits(page);

    await button(page, "Run").click();
    await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBeGreaterThan(0);
    await visit(page, "Inspect");
    await expect.poll(() => page.workers().length, { timeout: 3000 }).toBe(0);
    expect(complaints).toEqual([]);
  });
}

test("shows this library's times without TensorFlow.js", async ({ page }) => {
  await page.route(/tfjs|tensorflow/i, (route) => route.abort());
  await open(page, VIEW);
  await only(page, "WebGPU");
  await button(page, "Run").click();
  await expect(page.getByRole("alert")).toContainText("TensorFlow.js, WebGPU could not be loaded", {
    timeout: 60_000,
  });
  await expect(status(page)).toHaveText("Done.", { timeout: 60_000 });
  for (const name of ["Training step", "Inference"]) {
    expect(Number((await row(page, name, "webgpu-lstm"))["ms a step"])).toBeGreaterThan(0);
    const peer = await row(page, name, "TensorFlow.js, WebGPU");
    expect(peer["first result"]).toBe("could not be loaded");
  }
  await expectAccessible(page);
});

test("the built site loads TensorFlow.js and its WASM as separate files from a sub-path", async ({ page }, {
  outputDir,
}) => {
  using site = await openSite(outputDir);
  site.watch(page);
  await page.goto(`${site.address}#compare`);
  await expect(button(page, "Run")).toBeEnabled();
  const before = site.fetched();
  await only(page, "WASM");
  await button(page, "Run").click();
  await expect(status(page)).toHaveText("Done.", { timeout: 60_000 });
  expect(site.fetched()).toBeGreaterThan(before + 1e6);
  expect((await row(page, "Training step", "TensorFlow.js, WASM"))["first result"]).toContain("differs by");
  expect(site.failed).toEqual([]);
});
