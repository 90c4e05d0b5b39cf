/** The documentation's site, built for a sub-path, as a reader uses it. */
import { existsSync, readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { expectAccessible, expectFits, WIDTHS } from "../demo/page.ts";
import type { StaticSite } from "../static-site.ts";
import { example } from "./page.ts";
import { buildSite, serveSite } from "./serve.ts";

const outputs = JSON.parse(readFileSync(new URL("../goldens/live.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;

const REPOSITORY = "https://github.com/webgpu-lstm/webgpu-lstm";

let site: StaticSite;

test.beforeAll(async () => {
  test.setTimeout(400_000);
  buildSite();
  site = await serveSite();
});

test.afterAll(() => site?.[Symbol.dispose]());

/** Opens a page of the site; returns what its console complains of. */
async function visit(page: Page, path: string): Promise<string[]> {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", ({ message }) => complaints.push(message));
  await page.goto(site.address + path);
  return complaints;
}

test("the front page trains without a click, and follows a finger", async ({ page }) => {
  const complaints = await visit(page, "");
  const status = page.getByTestId("front-status");
  await expect(status).toHaveText(/^(Training|Learned): step \d+, loss \d/, { timeout: 30_000 });
  const written = page.locator(".waves .written");
  const waves = page.locator(".waves");
  const box = (await waves.boundingBox())!;
  await expect(written).toHaveAttribute("d", /^M/);
  await expect(page.locator(".waves .truth")).toBeVisible();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.1);
  await page.mouse.up();
  const bent = await page.locator(".waves .read").getAttribute("d");
  await expect(page.locator(".waves .truth")).toBeHidden();
  await page.getByRole("button", { name: "Straighten the wave" }).click();
  expect(await page.locator(".waves .read").getAttribute("d")).not.toBe(bent);
  await waves.press("ArrowUp");
  await expect(page.getByRole("button", { name: "Straighten the wave" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("the front page says why nothing trains", async ({ page }) => {
  await page.route(/front\.worker/, (route) => route.abort());
  await page.goto(site.address);
  await expect(page.getByTestId("front-status")).toHaveText("The worker could not be loaded.");
  await expect(page.getByText("It trains on your device")).toBeHidden();
});

test("the front page's numbers are those of their sources", async ({ page }) => {
  await visit(page, "");
  const counters = JSON.parse(readFileSync("bench/counters.json", "utf8")) as {
    downloadedBytes: { training: { vite: number } };
  };
  const [rows] = /\d+(?= rows pass)/.exec(readFileSync("docs/parity.md", "utf8"))!;
  await expect(page.locator(".figures dt")).toHaveText([
    `${Math.round(counters.downloadedBytes.training.vite / 1000)} kB`,
    /^\d+×$/,
    rows!,
  ]);
});

test("every example runs and prints what PyTorch prints", async ({ page }) => {
  test.setTimeout(600_000);
  const complaints = await visit(page, "examples.html");
  await expect(page.locator("[data-example]")).toHaveCount(Object.keys(outputs).length);
  for (const [name, expected] of Object.entries(outputs)) {
    const { output, run, status } = await example(page, name);
    await expect(output).toHaveText(expected.join("\n"));
    await run();
    await expect(status, name).toHaveText("Done.");
    await expect(output, name).toHaveText(expected.join("\n"));
  }
  expect(complaints).toEqual([]);
});

test("an example can be edited, run, reset and stopped", async ({ page }) => {
  await visit(page, "examples.html");
  const { box, editor, output, run, status } = await example(page, "gradients");
  const original = await editor.innerText();
  const write = async (program: string) => {
    await editor.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText(program);
  };
  await write('const twice = (x: number): number => 2 * x;\nconsole.log("now", twice(21));\n');
  await editor.press("ControlOrMeta+Enter");
  await expect(status).toHaveText("Done.");
  await expect(output).toHaveText("now 42");

  for (const [program, says] of [
    ["import { nn } from 'webgpu-lstm';\nnew nn.LSTM(1);\n", /OptionError: LSTM: .*\n\(line 2\)$/],
    ['import { x } from "elsewhere";\n', "there is no module elsewhere here"],
    ["let a = 1;\na = (a + ;\n", /^SyntaxError: .*\n\(line 2\)$/],
    ["console.error('before');\nthrow null;\n", "before\nThrown, and not an Error: null"],
  ] as const) {
    await write(program);
    await run();
    await expect(status).toHaveText("Failed:");
    await expect(output).toContainText(says);
  }

  // Nobody awaits it.
  await write(
    "async function main() {\n  await new Promise((soon) => setTimeout(soon, 300));\n  console.log('late');\n}\nmain();\n",
  );
  await run();
  await expect(output).toHaveText("late");

  await write("for (;;) console.log('again');\n");
  await box.getByRole("button", { name: "Run" }).click();
  await expect(output).toContainText("1000 lines are shown");
  await box.getByRole("button", { name: "Stop" }).click();
  await expect(status).toHaveText("Stopped.");

  await box.getByRole("button", { name: "Reset" }).click();
  expect(await editor.innerText()).toBe(original);
  await expect(box.getByRole("button", { name: "Reset" })).toBeHidden();
});

test("an example draws what it plots, and shows PyTorch's text", async ({ page }) => {
  await visit(page, "examples.html");
  const { box, run } = await example(page, "sine");
  await run();
  await expect(box.getByRole("img", { name: /^loss: from .* 60 values$/ })).toBeVisible();
  await expect(box.getByRole("img", { name: /^the next value: / })).toBeVisible();
  await box.getByRole("tab", { name: "PyTorch" }).click();
  await expect(box.getByRole("tabpanel")).toContainText("nn.LSTM(1, 16, batch_first=True)");
  await expect(box.getByRole("textbox")).toBeHidden();
});

test("search finds a guide and an API page by a name in them", async ({ page }) => {
  await visit(page, "");
  await page.getByRole("button", { name: "Search" }).first().click();
  await page.getByRole("searchbox").fill("DivergedError");
  await page.getByRole("option").filter({ hasText: "When things go wrong" }).first().click();
  await expect(page).toHaveURL(/guide\/.*\.html/);
  await page.getByRole("button", { name: "Search" }).first().click();
  await page.getByRole("searchbox").fill("packPaddedSequence");
  await page.getByRole("option").filter({ hasText: "nn.utils.rnn" }).first().click();
  await expect(page).toHaveURL(/api\/nn\/utils\/rnn\//);
  await expect(page.getByRole("heading", { name: /packPaddedSequence/ })).toBeVisible();
});

test("a class's first screen has its constructor, an example and shapes", async ({ page }) => {
  await visit(page, "api/");
  await page.locator(".vp-doc").getByRole("link", { name: "nn", exact: true }).click();
  await page.getByRole("link", { name: "nn.LSTM", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^nn\.LSTM/ })).toBeVisible();
  for (const text of ["new nn.LSTM(", "const lstm = new nn.LSTM(8, 64", "[N, T, 8] to [N, T, 64]"])
    await expect(page.locator(".vp-doc pre").filter({ hasText: text }).first()).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("complementary").getByRole("link", { name: "GRU", exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: /^projSize\? number/ })).toBeVisible();
  await page.getByRole("complementary").getByRole("link", { name: "ReLU", exact: true }).click();
  await expect(
    page.locator(".vp-doc pre").filter({ hasText: /"webgpu-lstm";\s*new nn\.ReLU\(\)/ }),
  ).toBeInViewport({ ratio: 1 });
  await page.getByRole("link", { name: "loadStateDict", exact: true }).click();
  await expect(page).toHaveURL(/api\/nn\/Module\.html#loadStateDict$/);
  await expect(page.getByRole("heading", { name: /^loadStateDict/ })).toBeInViewport();
});

test("the article's pictures answer to keys, and show what the library computes", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const complaints = await visit(page, "guide/how-it-works.html");
  const picture = (name: string) => page.locator(`[data-picture="${name}"]`);
  const said = (name: string) => picture(name).getByRole("status");

  await expect(said("cell")).toContainText("= 0.88·0.60 + 0.82·0.66 = 1.07");
  await picture("cell").getByRole("slider", { name: "forget gate" }).press("ArrowLeft");
  await expect(said("cell")).toContainText("= 0.85·0.60 + 0.82·0.66 = 1.05");

  await said("gates").scrollIntoViewIfNeeded();
  await expect(said("gates")).toHaveText(/^Learned: step 240, loss 0\.0\d+$/, { timeout: 60_000 });
  const memory = picture("gates").locator(".line-chart").nth(1).locator("path").first();
  const before = await memory.getAttribute("d");
  await picture("gates")
    .getByRole("slider", { name: /^The series/ })
    .press("ArrowUp");
  await expect(memory).not.toHaveAttribute("d", before!, { timeout: 20_000 });

  await said("replay").scrollIntoViewIfNeeded();
  await expect(said("replay")).toHaveText(/^The first input gets [\d.]+e−\d+ of/, { timeout: 60_000 });
  await picture("replay").getByRole("slider", { name: /^bias/ }).press("End");
  await expect(said("replay")).toHaveText(/^The first input gets [\d.]+ of/, { timeout: 20_000 });
  await picture("replay").getByRole("button", { name: "Replay" }).click();
  await expect(picture("replay").locator(".backward")).toHaveCount(24);

  await said("program").scrollIntoViewIfNeeded();
  await expect(said("program")).toHaveText(
    /^One training step: \d{4} launches op by op, \d\d by nn\.LSTM\.$/,
    {
      timeout: 60_000,
    },
  );
  // The README has the same numbers.
  const [, layer, ops] = /(\d+) launches for a layer[^:]* takes ([\d,]+)/.exec(
    readFileSync("README.md", "utf8"),
  )!;
  await expect(said("program")).toHaveText(
    `One training step: ${ops!.replace(",", "")} launches op by op, ${layer} by nn.LSTM.`,
  );
  await expect(picture("program").getByRole("table")).toContainText(
    /lstm_\w+_forward.*lstm_\w+_backward.*sgd/,
  );
  expect(complaints).toEqual([]);
});

test("every guide is as wide as a phone", async ({ page }) => {
  await page.setViewportSize(WIDTHS[1][1]);
  await page.goto(`${site.address}guide/first-model.html`);
  const guides = await page
    .locator(".VPSidebar a")
    .evaluateAll((all) => all.map((a) => a.getAttribute("href")!));
  expect(guides.length).toBeGreaterThan(20);
  const wide: string[] = [];
  for (const guide of guides) {
    await page.goto(new URL(guide, site.address).href, { waitUntil: "domcontentloaded" });
    await page.evaluate(() => document.fonts.ready);
    const wider = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if ((await page.evaluate(wider)) > 0) wide.push(guide);
  }
  expect(wide).toEqual([]);
});

test("no link of the site leads nowhere", async ({ page }) => {
  test.setTimeout(300_000);
  const seen = new Set<string>();
  const missing: string[] = [];
  const pages = new Map<string, string>();
  const anchors = new Set<string>();
  const waiting = [site.address];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const response = await page.request.get(path);
    if (!response.ok()) missing.push(path);
    if (!response.headers()["content-type"]?.startsWith("text/html") || path.includes("/demo/")) continue;
    const html = await response.text();
    pages.set(path, html);
    for (const [, href] of html.matchAll(/<(?:a|link|script|img)[^>]* (?:href|src)="([^"]+)"/g)) {
      const link: URL = new URL(href!, path);
      const { origin, href: whole, pathname, hash } = link;
      const source = /\/blob\/main\/([^#]*)/.exec(whole.startsWith(REPOSITORY) ? whole : "")?.[1];
      if (source !== undefined && !existsSync(source)) missing.push(whole);
      if (origin !== new URL(site.address).origin) continue;
      if (hash) anchors.add(whole);
      const next = origin + pathname;
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  for (const link of anchors) {
    const [page, anchor] = link.split("#") as [string, string];
    if (pages.has(page) && !pages.get(page)!.includes(`id="${decodeURIComponent(anchor)}"`))
      missing.push(link);
  }
  expect(missing).toEqual([]);
  expect(seen.size).toBeGreaterThan(200);
});

// Two of the guides have live examples; axe-core takes a minute for the page that has all.
const PAGES = [
  "",
  "guide/first-model.html",
  "guide/errors.html",
  "guide/how-it-works.html",
  "api/",
  "api/nn/LSTM.html",
];

for (const [width, viewport] of WIDTHS) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`pages fit and axe-core finds nothing, ${width}, ${colorScheme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      for (const path of PAGES) {
        await visit(page, path);
        await expectFits(page);
        await expectAccessible(page);
      }
    });
  }
}
