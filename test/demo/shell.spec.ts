/** The frame around the views: navigation, theme, and what leaving a view does. */
import { expect, type Page, test } from "playwright/test";
import { choose, example } from "./inspect-page.ts";
import {
  button,
  countBuffers,
  dropFile,
  expectAccessible,
  expectFits,
  liveBytes,
  open,
  visit,
  WIDTHS,
} from "./page.ts";

const link = (page: Page, name: string) => page.getByRole("navigation").getByRole("link", { name });
const theme = (page: Page) => page.locator("html").getAttribute("data-theme");

test("the keyboard moves from view to view, with focus and title", async ({ page }) => {
  const complaints = await open(page);
  await expect(page).toHaveTitle("Forecast · webgpu-lstm");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Forecast a series");
  await expect(link(page, "Forecast")).toHaveAttribute("aria-current", "page");

  await page.keyboard.press("Tab");
  await expect(link(page, "Forecast")).toBeFocused();
  while (!(await link(page, "Inspect").evaluate((it) => it === document.activeElement))) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText("Inspect a model");
  await expect(heading).toBeFocused();
  await expect(page).toHaveTitle("Inspect · webgpu-lstm");
  await expect(page).toHaveURL(/#inspect$/);
  await expect(link(page, "Inspect")).toHaveAttribute("aria-current", "page");
  await expect(link(page, "Forecast")).not.toHaveAttribute("aria-current");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(button(page, "Open the example")).toBeFocused();

  await page.goBack();
  await expect(heading).toHaveText("Forecast a series");
  await expect(heading).toBeFocused();
  expect(complaints).toEqual([]);
});

test("an address opens its view, an unknown address the first view, also in a language that Intl refuses", async ({
  page,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "language", { value: "en-US@posix", configurable: true });
  });
  await open(page, "/#inspect");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Inspect a model");
  // The view is alive: it runs its example.
  await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 20_000 });
  await page.goto("/#nowhere");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Forecast a series");
});

test("an address has the settings of its view, and a link to them can be copied", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const complaints = await open(page, "/#tune?series=co2&trials=40&trials2=4&hidden=8-99");
  const [series, note] = [page.getByLabel("Series"), page.getByTestId("page-note")];
  const trials = page.getByRole("slider", { name: "Trials", exact: true });
  await expect(series).toHaveValue("co2");
  await expect(trials).toHaveAttribute("aria-valuetext", "40");
  await expect(note).toHaveText("This page has no such setting, so it was left out: trials2=4, hidden=8-99.");
  await expect(page).toHaveURL(/#tune\?series=co2&trials=40$/);

  const entries = await page.evaluate(() => history.length);
  await page.getByLabel("Hidden size to").selectOption("32");
  await expect(page).toHaveURL(/#tune\?series=co2&trials=40&hidden=8-32$/);
  expect(await page.evaluate(() => history.length)).toBe(entries);
  await button(page, "Copy link").click();
  await expect(note).toHaveText("The link is copied.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(page.url());

  // A view keeps its settings while another is shown; another link brings others.
  await link(page, "Inspect").click();
  await expect(page).toHaveURL(/#inspect$/);
  await link(page, "Tune").click();
  await expect(page).toHaveURL(copied);
  await expect(page.getByLabel("Hidden size to")).toHaveValue("32");
  await page.evaluate(() => {
    location.hash = "#tune?epochs=5";
  });
  await expect(series).toHaveValue("seattle");
  await expect(page.getByRole("slider", { name: "Epochs of a trial" })).toHaveAttribute(
    "aria-valuetext",
    "5",
  );
  await expect(trials).toHaveAttribute("aria-valuetext", "20");
  await page.goBack();
  await expect(series).toHaveValue("co2");
  await expect(page.getByLabel("Hidden size to")).toHaveValue("32");
  await expect(page).toHaveURL(copied);

  // Without permission, the note has the address.
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await button(page, "Copy link").click();
  await expect(note).toContainText(copied);
  expect(complaints).toEqual([]);
});

test("a copied link says where it does not have what the visitor has brought", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, "/#text");
  const note = page.getByTestId("page-note");
  const says = async (text: string) => {
    await button(page, "Copy link").click();
    await expect(note).toHaveText(text);
  };
  await says("The link is copied.");
  await page.getByRole("radio", { name: "Your own" }).check({ force: true });
  await says("The link is copied. It has the settings and not your text.");
  await link(page, "Inspect").click();
  await expect(page.getByTestId("file-status")).toHaveText("example.safetensors is open.");
  await says("The link is copied.");
  await choose(page, "mine.safetensors", example);
  await says("The link is copied. It opens this view and not your file: send that with it.");
  await button(page, ".pt").first().click();
  await says("The link is copied.");
  await link(page, "Stream").click();
  await page.locator("#stream-source").selectOption("speech");
  await says("The link is copied.");
  await dropFile(page, "footer", "mine.wav", Buffer.alloc(100));
  await says("The link is copied. It has the settings and not your file.");
});

test("the theme is the system's until the visitor chooses another, which is stored", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, "/#inspect");
  const toggle = page.getByRole("button", { name: "Dark theme" });
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();

  await page.emulateMedia({ colorScheme: "dark" });
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  const dark = await background();
  expect(dark).not.toBe(light);

  await toggle.press("Enter");
  expect(await background()).toBe(light);
  await page.reload();
  expect(await theme(page)).toBe("light");
  await expect(toggle).toHaveAttribute("aria-pressed", "false");

  await toggle.click(); // back to the system's, which is followed again
  await page.emulateMedia({ colorScheme: "light" });
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
  expect(await theme(page)).toBe("light");
});

test("leaving the forecast pauses its training, whose device is in a worker", async ({ page }) => {
  await countBuffers(page);
  const complaints = await open(page);
  await button(page, "Start").click();
  const epoch = async () => Number.parseInt((await page.getByTestId("epoch").textContent()) ?? "", 10);
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  expect(await liveBytes(page)).toBe(0);

  await link(page, "Inspect").click();
  await button(page, "Open the example").click();
  await button(page, "Run").click();
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 30_000 });
  expect(await liveBytes(page)).toBe(0);

  await link(page, "Forecast").click();
  const status = page.locator("#forecast-view").getByTestId("status");
  await expect(status).toHaveText(/^Paused in epoch \d+ of 30\.$/);
  const paused = await epoch();
  await page.waitForTimeout(700);
  expect(await epoch()).toBe(paused);
  await button(page, "Resume").click();
  await expect.poll(epoch, { timeout: 30_000 }).toBeGreaterThan(paused);
  await button(page, "Cancel").click();

  await page.goto("/#inspect");
  await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.");
  expect(complaints).toEqual([]);
});

test("the navigation says which view is paused or stopped, until the next visit", async ({ page }) => {
  const complaints = await open(page);
  const note = page.getByTestId("page-note");
  await button(page, "Start").click();
  await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });
  await visit(page, "Stream");
  await expect(link(page, "Forecast")).toHaveText("Forecast paused");
  await expect(note).toHaveText("Forecast is paused while another view is shown.");
  await expectAccessible(page);
  await button(page, "Teach it yourself").click();
  await expect(page.getByTestId("stream-status")).toContainText("Learning", { timeout: 20_000 });
  await link(page, "Inspect").click();
  await expect(note).toHaveText("Stream is stopped while another view is shown.");
  await link(page, "Text").click(); // nothing was under way
  await expect(link(page, "Inspect")).toHaveText("Inspect");
  await expect(note).toBeEmpty();
  await link(page, "Forecast").click();
  await expect(link(page, "Forecast")).toHaveText("Forecast");
  await expect(page.locator("#forecast-view").getByTestId("status")).toContainText("Paused");
  await link(page, "Stream").click();
  await expect(link(page, "Stream")).toHaveText("Stream");
  expect(complaints).toEqual([]);
});

test("a file dropped anywhere goes to the view, and never leaves the page", async ({ page }) => {
  const complaints = await open(page, "/#compare");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  /** Whether the browser would open the file. */
  const opens = (selector: string) =>
    page.locator(selector).evaluate((target) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["text"], "a.txt"));
      const init = { dataTransfer, bubbles: true, cancelable: true };
      const over = target.dispatchEvent(new DragEvent("dragover", init));
      return over || target.dispatchEvent(new DragEvent("drop", init));
    });
  for (const name of ["Forecast", "Text", "Stream", "Inspect", "Compare"]) {
    await link(page, name).click();
    await expect(page.locator(`#${name.toLowerCase()}-view h1`)).toBeVisible();
    for (const selector of ["body", ".masthead", "main", "footer"]) expect(await opens(selector)).toBe(false);
  }
  await expect(page.getByTestId("page-note")).toContainText("This view takes no file here");
  await link(page, "Inspect").click();
  await expect(page.getByTestId("page-note")).toBeEmpty();
  await dropFile(page, "footer", "beside.safetensors", Buffer.from("no model"));
  await expect(page.getByTestId("file-status")).toHaveText("beside.safetensors was not opened.");
  expect(complaints).toEqual([]);
});

test("a model can be started after a visit to another view", async ({ page }) => {
  await open(page);
  await expect(button(page, "Start")).toBeEnabled();
  await link(page, "Inspect").click();
  await link(page, "Forecast").click();
  await button(page, "Start").click();
  await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });
});

for (const [name, size] of WIDTHS) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe-core finds nothing on the forecast, ${colorScheme}, ${name}`, async ({ page }) => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await open(page);
      await expect(button(page, "Start")).toBeEnabled(); // the view has come, and its device
      await expectAccessible(page);
      await button(page, "Start").click();
      await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });
      await expectAccessible(page);
      await expectFits(page);
    });
  }
}
