/** The Text view before anybody has pressed a button: a shipped model writes, and shows its units. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { busyTime, button, expectAccessible, expectFits, open, visit, watchMainThread } from "./page.ts";
import { chapters, number, place, SMALL, samples, shown } from "./text-page.ts";

const written = async (page: Page) => ((await shown(page, "text-paper").textContent()) ?? "").length;

/** The colours of the text's first characters. */
const colours = (page: Page) =>
  page
    .locator("#text-paper :is(b, span)")
    .evaluateAll((all) => all.slice(0, 20).map((span) => (span as HTMLElement).style.backgroundColor));

test("writes without a click, shows units by keyboard and pointer and what they fire on, and is saved", async ({
  page,
}) => {
  const complaints = await open(page, "/#text");
  await expect.poll(() => written(page), { timeout: 60_000 }).toBeGreaterThan(20);
  await expect(shown(page, "text-author")).toContainText("trained with this library");
  // What training will come to is said before it starts, of the settings that were measured.
  await expect(shown(page, "text-expected")).toContainText(/about three minutes .* above a 5-gram/);
  await place(page, { Layers: 1 });
  await expect(shown(page, "text-expected")).toHaveText("");
  await place(page, { Layers: 0 });
  await expect(shown(page, "text-expected")).toContainText("above a 5-gram");
  // Only what the page does is measured: looking for roles among so many characters takes Playwright longer.
  await page.locator("#text-units").focus();
  await watchMainThread(page);
  const before = await written(page);
  await expect.poll(() => written(page), { timeout: 20_000 }).toBeGreaterThan(before + 30);
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  const { longest } = await busyTime(page);
  expect(longest).toBeLessThan(50);

  const strip = page.getByRole("slider", { name: "Unit that colours the text" });
  const found = shown(page, "text-firing");
  await expect(found).toBeVisible({ timeout: 60_000 });
  const passages = () => found.locator("li").allTextContents();
  const first = { colours: await colours(page), passages: await passages() };
  expect(first.passages.length).toBeGreaterThan(3);
  const heldOut = readFileSync(new URL("../../demo/text/shipped/held-out.txt", import.meta.url), "utf8");
  for (const passage of first.passages) expect(heldOut).toContain(passage.replaceAll(" ⏎ ", "\n"));
  await strip.focus();
  await page.keyboard.press("Home");
  await expect(strip).toHaveAttribute("aria-valuetext", /^Unit 1 of 64/);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "PageUp"]) await page.keyboard.press(key);
  await expect(strip).toHaveAttribute("aria-valuenow", "12");
  await expect(shown(page, "text-unit-name")).toHaveText("Unit 12 of 64");
  await expect(page).toHaveURL(/unit=12/);
  await expect.poll(passages, { timeout: 20_000 }).not.toEqual(first.passages);
  await expect(page.getByRole("heading", { name: "What unit 12 fires on" })).toBeVisible();
  expect(await colours(page)).not.toEqual(first.colours);
  const { width, height } = (await strip.boundingBox())!;
  await strip.click({ position: { x: width - 2, y: height / 2 } });
  await expect(shown(page, "text-unit-name")).toHaveText("Unit 64 of 64");
  await expect(shown(page, "text-gates").locator("dt")).toHaveText([/^h/, /^r/, /^z/, /^n/]);

  // It rests when asked to, and while another view is shown.
  await button(page, "Pause writing").click();
  const rested = await written(page);
  await expectAccessible(page);
  await expectFits(page);
  expect(await written(page)).toBe(rested);
  await button(page, "Write on").click();
  await expect.poll(() => written(page), { timeout: 20_000 }).toBeGreaterThan(rested);
  await visit(page, "Inspect");
  await page.waitForTimeout(500); // a character that was under way
  const left = await written(page);
  await page.waitForTimeout(500);
  expect(await written(page)).toBe(left);
  await visit(page, "Text");
  await expect.poll(() => written(page)).toBeGreaterThan(left);

  // A prompt begins a text.
  await page.getByLabel("Prompt").fill("Captain Ahab ");
  await button(page, "Write").click();
  await expect(shown(page, "text-paper")).toContainText(/^Captain Ahab ./, { timeout: 20_000 });
  await expect(page).toHaveURL(/prompt=Captain/);

  const download = page.waitForEvent("download");
  await button(page, "Save model").click();
  const saved = readFileSync(await (await download).path());
  expect(saved).toEqual(readFileSync(new URL("../../demo/text/shipped/model.safetensors", import.meta.url)));
  await expect(page.getByText("torch.nn.GRU(32, 64")).toBeVisible();
  await button(page, "Open in Inspect").click();
  await expect(page.getByRole("heading", { name: "Inspect a model" })).toBeVisible();
  await expect(page.locator("#inspect-view")).toContainText("moby-dick.safetensors", { timeout: 20_000 });
  // It runs at once, on characters.
  await expect(page.getByTestId("run-status")).toHaveText("Done: 21 steps.", { timeout: 60_000 });
  expect(complaints).toEqual([]);
});

test.describe("phone, without motion", () => {
  test.use({ viewport: { width: 390, height: 844 }, contextOptions: { reducedMotion: "reduce" } });

  test("a link's unit and settings; whole passages in the first screen; training takes over from there", async ({
    page,
  }) => {
    const complaints = await open(page, "/#text?unit=5&hidden=32&steps=200");
    await expect.poll(() => written(page), { timeout: 60_000 }).toBeGreaterThan(300);
    const rested = await written(page);
    const paper = (await shown(page, "text-paper").boundingBox())!;
    expect(paper.y + paper.height).toBeLessThan(844);
    expect(paper.height).toBeGreaterThan(100);
    await expect(shown(page, "text-unit-name")).toHaveText("Unit 5 of 64");
    await expect(page.getByLabel("Training steps")).toHaveAttribute("aria-valuetext", "200");
    expect(await written(page)).toBe(rested);
    await button(page, "Write on").click();
    await expect.poll(() => written(page), { timeout: 20_000 }).toBeGreaterThan(rested + 200);
    await expectAccessible(page);

    await place(page, SMALL);
    await chapters(page, 1, 1);
    await button(page, "Train it yourself").click();
    await expect(button(page, "Train it yourself")).toBeHidden();
    await expect(shown(page, "text-expected")).toBeHidden();
    await expect.poll(() => samples(page), { timeout: 60_000 }).not.toHaveLength(0);
    await expect(shown(page, "text-author")).toContainText(/^Your GRU of 32 units/);
    await expect(shown(page, "status")).toContainText("Done, 200 steps.", { timeout: 60_000 });
    // The last sample is on the stage, the earlier ones below.
    const [last] = await samples(page);
    await expect(shown(page, "text-paper")).toContainText(last!.text.slice(0, 60), { timeout: 20_000 });
    await expect(page.locator("#text-samples li").first()).toBeHidden();
    await expect(page.locator("#text-samples li").nth(1)).toBeVisible();
    await expect(shown(page, "text-firing")).toBeVisible({ timeout: 20_000 });
    expect(await number(page, "text-held-out-bits")()).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });
});
