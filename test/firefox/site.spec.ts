/** The built site in Firefox: what is alive on it, its search, its API pages. */
import { readFileSync } from "node:fs";
import { expect } from "playwright/test";
import { expectAccessible, expectFits } from "../demo/page.ts";
import { example } from "../site/page.ts";
import { test } from "./test.ts";

const outputs = JSON.parse(readFileSync(new URL("../goldens/live.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;

test("the front page trains by itself, and answers a bent wave", async ({ page, site }) => {
  await page.goto(site.address);
  await expect(page.getByTestId("front-status")).toHaveText(/^(Training|Learned): step \d+, loss \d/, {
    timeout: 30_000,
  });
  const written = page.locator(".waves .written");
  await expect(written).toHaveAttribute("d", /^M/);
  await page.locator(".waves").press("ArrowUp");
  await expect(page.getByRole("button", { name: "Straighten the wave" })).toBeVisible();
  await expectFits(page);
  await expectAccessible(page);
});

/** A part of them, of every kind; Chromium's tests have all. */
const EXAMPLES = ["gradients", "lengths", "optimizers", "save", "seed", "sine", "stream"] as const;

test("live examples print what PyTorch prints, and what is edited", async ({ page, site }) => {
  await page.goto(`${site.address}examples.html`);
  for (const name of EXAMPLES) {
    const { output, run, status } = await example(page, name);
    await run();
    await expect(status, name).toHaveText("Done.");
    await expect(output, name).toHaveText(outputs[name]!.join("\n"));
  }
  const { editor, output, run } = await example(page, "gradients");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText('const twice = (x: number) => 2 * x;\nconsole.log("now", twice(21));');
  await run();
  await expect(output).toHaveText("now 42");
});

test("the article's pictures show what the library computes", async ({ page, site }) => {
  await page.goto(`${site.address}guide/how-it-works.html`);
  for (const [name, says] of [
    ["gates", /^Learned: step 240, loss 0\.0\d+$/],
    ["replay", /^The first input gets [\d.]+e−\d+ of/],
    ["program", /^One training step: \d{4} launches op by op, \d\d by nn\.LSTM\.$/],
  ] as const) {
    const said = page.locator(`[data-picture="${name}"]`).getByRole("status");
    await said.scrollIntoViewIfNeeded();
    await expect(said).toHaveText(says, { timeout: 60_000 });
  }
  await expectFits(page);
  await expectAccessible(page);
});

test("search leads to an API page", async ({ page, site }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(site.address);
  await page.evaluate(() => localStorage.setItem("vitepress-theme-appearance", "dark"));
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await page.getByRole("button", { name: "Search" }).first().click();
  await page.getByRole("searchbox").fill("packPaddedSequence");
  await page.getByRole("option").filter({ hasText: "nn.utils.rnn" }).first().click();
  await expect(page.getByRole("heading", { name: /packPaddedSequence/ })).toBeVisible();
  await expectFits(page);
  await expectAccessible(page);
});
