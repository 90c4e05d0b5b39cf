/** Links to a series of the visitor's own: a drawing, and the numbers of a CSV file. */
import { expect, type Page, test } from "playwright/test";
import { drop, openForecast, place, shown } from "./forecast-page.ts";
import { button, expectAccessible, expectFits, open, WIDTHS } from "./page.ts";

/** Months of sales. */
function sales(rows: number): string {
  const lines = Array.from({ length: rows }, (_, t) => {
    const month = new Date(Date.UTC(2005, t)).toISOString().slice(0, 7);
    return `${month};${(200 + 90 * Math.sin((2 * Math.PI * t) / 12) + ((t * 29) % 17)).toFixed(1).replace(".", ",")};${t % 5}`;
  });
  return ["Monat;Umsatz;Kunden", ...lines].join("\n");
}

const pad = (page: Page) => page.getByRole("slider", { name: "Points of your series" });

/** The heights of some points of the drawing, as they are read out. */
async function heights(page: Page): Promise<(string | null)[]> {
  await pad(page).focus();
  await page.keyboard.press("Home");
  const all: (string | null)[] = [];
  for (let i = 0; i < 240; i += 10) {
    all.push(await pad(page).getAttribute("aria-valuetext"));
    for (let k = 0; k < 10; k++) await page.keyboard.press("ArrowRight");
  }
  return all;
}

test("a drawing travels in the address, with its settings", async ({ page, browser }) => {
  const complaints = await openForecast(page);
  await page.getByRole("radio", { name: "Draw one" }).check({ force: true });
  await expect(page).toHaveURL(/#forecast\?series=drawn&data=1[\w-]+$/);
  const before = page.url();
  const box = (await page.locator("#draw-chart .points").boundingBox())!;
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.2 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.8 * box.height, { steps: 12 });
  await page.mouse.up();
  await expect(page).not.toHaveURL(before);
  await page.getByLabel("Cell").selectOption("GRU");
  await expect(page).toHaveURL(/#forecast\?series=drawn&cell=GRU&data=1[\w-]+$/);
  const url = page.url();
  expect(url.length).toBeLessThan(750);
  const drawn = await heights(page);

  const other = await browser.newPage();
  const otherComplaints = await openForecast(other, new URL(url).pathname + new URL(url).hash);
  await expect(other.getByRole("radio", { name: "Draw one" })).toBeChecked();
  await expect(other.getByLabel("Cell")).toHaveValue("GRU");
  await expect(other.getByTestId("page-note")).toBeEmpty();
  expect(await heights(other)).toEqual(drawn);
  expect(other.url()).toBe(url);
  // The view goes on from there: it can be drawn over, and put back.
  await pad(other).press("PageUp");
  await expect(other).not.toHaveURL(url);
  await button(other, "Reset the drawing").click();
  await expect(other).toHaveURL(before.replace("series=drawn", "series=drawn&cell=GRU"));
  expect([...complaints, ...otherComplaints]).toEqual([]);
  await other.close();
});

for (const [width, size] of WIDTHS) {
  test(`a file's numbers go into a link when the visitor asks for it, ${width}`, async ({
    page,
    browser,
  }) => {
    await page.setViewportSize(size);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const complaints = await openForecast(page);
    await drop(page, "umsatz.csv", sales(200));
    const note = shown(page, "csv-link-note");
    await expect(note).toContainText("The page’s address has the settings and not your data.");
    await page.getByRole("group", { name: "From these columns too" }).getByLabel("Kunden").check();
    await place(page, { Epochs: 1 });
    await expect(page).toHaveURL(/#forecast\?series=csv&epochs=10$/);
    await expectAccessible(page);
    await expectFits(page);
    await button(page, "Copy a link with the data").click();
    await expect(note).toHaveText(/^The link is copied: [\d,]+ letters with 200 rows\.$/);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/#forecast\?series=csv&epochs=10&data=1[\w-]+$/);
    expect(copied.length).toBeLessThan(2100);
    // The numbers are in the clipboard alone.
    expect(page.url()).not.toContain("data=");
    await button(page, "Copy link").click();
    await expect(page.getByTestId("page-note")).toHaveText(
      "The link is copied. It has the settings and not your data: “Copy a link with the data” copies one that has both.",
    );
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());

    const other = await (await browser.newContext({ viewport: size })).newPage();
    const otherComplaints = await openForecast(other, copied);
    await expect(other.getByRole("radio", { name: "Your CSV file" })).toBeChecked();
    await expect(other.getByText("Your CSV file", { exact: true })).toBeInViewport({ ratio: 0.95 });
    await expect(shown(other, "csv-status")).toHaveText("umsatz.csv: 200 rows.");
    await expect(other.getByLabel("Forecast", { exact: true })).toHaveValue("Umsatz");
    await expect(other.getByRole("slider", { name: "Epochs", exact: true })).toHaveAttribute(
      "aria-valuetext",
      "10",
    );
    for (const id of ["series-about", "scores", "parts"]) {
      await expect(shown(other, id)).toHaveText((await shown(page, id).textContent())!);
    }
    await expect(shown(other, "csv-link-note")).toHaveText(
      "These numbers came with a link; the page’s address has them.",
    );
    expect(other.url()).toBe(copied);
    await other.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await button(other, "Copy link").click();
    await expect(other.getByTestId("page-note")).toHaveText(
      /^The link is copied: [\d,]+ letters with 200 rows\.$/,
    );
    await expectAccessible(other);
    await expectFits(other);
    // Other columns of the link are another link; a file of one's own stays in the page.
    await other.getByLabel("Forecast", { exact: true }).selectOption("Kunden");
    await expect(other).not.toHaveURL(copied);
    await expect(other).toHaveURL(/&data=1/);
    await drop(other, "mine.csv", sales(100));
    await expect(shown(other, "csv-status")).toHaveText("mine.csv: 100 rows.");
    await expect(other).not.toHaveURL(/data=/);
    expect([...complaints, ...otherComplaints]).toEqual([]);
    await other.context().close();
  });
}

test("a file that is too large, and a browser that does not let the page copy", async ({ page }) => {
  const complaints = await openForecast(page);
  const note = shown(page, "csv-link-note");
  await drop(page, "large.csv", sales(3000));
  await expect(note).toHaveText(
    "The page’s address has the settings and not your data: the file is too large for a link. Send it with the address.",
  );
  await expect(button(page, "Copy a link with the data")).toBeHidden();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(page, "Copy link").click();
  await expect(page.getByTestId("page-note")).toHaveText(
    "The link is copied. It has the settings and not your data: the file is too large for a link. Send it with the link.",
  );
  await drop(page, "small.csv", sales(100));
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await button(page, "Copy a link with the data").click();
  await expect(note).toContainText(/does not let this page copy the link with 100 rows: http\S+&data=1/);
  await expectFits(page);
  await drop(page, "short.csv", sales(20));
  await expect(page.getByRole("alert")).toContainText("at least 60 are needed");
  await expect(note).toBeHidden();
  expect(complaints).toEqual([]);
});

test("a link with the settings alone asks for the file", async ({ page }) => {
  const complaints = await open(page, "/#forecast?series=csv&hidden=8&epochs=5");
  await expect(shown(page, "csv-status")).toHaveText(
    "This link has the settings for a CSV file, and not its data. Choose the file to go on.",
  );
  await expect(page.getByTestId("page-note")).toBeEmpty();
  await expect(button(page, "Start")).toBeHidden();
  await drop(page, "umsatz.csv", sales(200));
  await expect(page.getByRole("slider", { name: "Hidden size" })).toHaveAttribute("aria-valuetext", "8");
  await expect(page.getByRole("slider", { name: "Epochs", exact: true })).toHaveAttribute(
    "aria-valuetext",
    "5",
  );
  await expect(page).toHaveURL(/#forecast\?series=csv&hidden=8&epochs=5$/);
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test("a drawing's long address is shown where it cannot be copied", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "/#forecast?series=drawn");
  await expect(page).toHaveURL(/data=1/);
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await button(page, "Copy link").click();
  await expect(page.getByTestId("page-note")).toContainText(page.url());
  await expectFits(page);
});

test("data that are none are left out and named", async ({ page }) => {
  const complaints = await open(page, "/#forecast?series=drawn&data=1nonsense%3Cimg+src=x%3E");
  const note = page.getByTestId("page-note");
  await expect(note).toContainText(
    "This page has no such setting, so it was left out: data=1nonsense<img src=x>.",
  );
  await expect(shown(page, "series-about")).toContainText("What you have drawn");
  await expect(button(page, "Start")).toBeEnabled({ timeout: 20_000 });
  for (const data of ["1AAAA", `1${"_".repeat(5000)}`, "7abc"]) {
    await page.evaluate((text) => {
      location.hash = `#forecast?series=csv&data=${text}`;
    }, data);
    await expect(note).toContainText(`left out: data=${data.slice(0, 4)}`);
    await expect(shown(page, "csv-status")).toContainText("not its data. Choose the file");
    await expect(page).toHaveURL(/#forecast\?series=csv/);
  }
  expect(complaints).toEqual([]);
});
