/** A visitor's own CSV file in the Forecast view. */
import { expect, test } from "playwright/test";
import { drop, errors, finish, openForecast, place, shown } from "./forecast-page.ts";
import { button, expectAccessible, expectFits, visit, WIDTHS } from "./page.ts";

/** Days of a load that depends on the weekday and on the temperature; `change` replaces cells. */
function load(
  days: number,
  change: (day: number, cells: string[]) => string[] = (_, cells) => cells,
): string {
  const lines = Array.from({ length: days }, (_, day) => {
    const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
    const temperature = 10 + 8 * Math.sin(day / 23) + 2 * Math.sin(day * 1.7);
    const weekend = [0, 6].includes(new Date(date).getUTCDay()) ? 30 : 0;
    const value = 100 - weekend + 2 * (temperature - 10) + 3 * Math.sin(day * 2.9);
    return change(day, [date, value.toFixed(2), temperature.toFixed(2), "quiet"]).join(",");
  });
  return ["date,load,temperature,remark", ...lines].join("\n");
}

for (const [name, size] of WIDTHS) {
  test(`a dropped file trains on the columns that are chosen, ${name}`, async ({ page }) => {
    await page.setViewportSize(size);
    const complaints = await openForecast(page);
    await drop(page, "load.csv", load(500));
    await expect(page.getByRole("radio", { name: "Your CSV file" })).toBeChecked();
    await expect(shown(page, "csv-status")).toHaveText("load.csv: 500 rows.");
    await expect(page.getByLabel("Forecast", { exact: true })).toHaveValue("load");
    await expect(page.getByLabel("Dates")).toHaveValue("date");
    // A column without numbers cannot be chosen.
    const columns = page.getByRole("group", { name: "From these columns too" });
    await expect(columns.getByRole("checkbox")).toHaveCount(1);
    await columns.getByLabel("temperature").check();
    await expect(shown(page, "series-about")).toHaveText(
      "load from its own values before, with temperature, and the calendar.",
    );
    await expect(shown(page, "scores")).toContainText("The next day");
    await expectAccessible(page);
    await expectFits(page);
    await button(page, "Start").click();
    await expect(page.getByLabel("Forecast", { exact: true })).toBeDisabled();
    await finish(page, 20);
    // A sum of waves is what linear regression is made for: the network is below what needs no training, and says who is best.
    await expect(shown(page, "verdict")).toContainText(
      /: not below all baselines; .* above Linear regression\./,
    );
    const { LSTM: own, Persistence: same, "Seasonal mean": mean } = await errors(page);
    expect(own).toBeLessThan(Math.min(same!, mean!));
    await expect(shown(page, "roll-out-note")).toContainText("LSTM");
    expect(complaints).toEqual([]);
  });
}

test("other columns make another series; a resumed run keeps its columns", async ({ page }) => {
  const complaints = await openForecast(page);
  await page.getByRole("radio", { name: "Your CSV file" }).check({ force: true });
  await expect(button(page, "Start")).toBeHidden();
  await page.getByLabel("Choose a CSV file").setInputFiles({
    name: "mine.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(load(300)),
  });
  await page.getByLabel("Forecast", { exact: true }).selectOption("temperature");
  await page.getByLabel("Dates").selectOption("none");
  await expect(shown(page, "series-about")).toHaveText("temperature from its own values before.");
  await expect(shown(page, "scores")).toContainText("The next row");
  await place(page, { Epochs: 6 });
  await button(page, "Start").click();
  await expect(shown(page, "epoch")).toHaveText(/^[2-9]\d* of 200/, { timeout: 30_000 });
  await button(page, "Pause").click();
  await expect(shown(page, "status")).toContainText("Paused in epoch");

  await page.reload();
  await button(page, "Resume it").click();
  await expect(page.getByRole("radio", { name: "Your CSV file" })).toBeChecked();
  await expect(shown(page, "csv-status")).toContainText("mine.csv, from the interrupted run");
  await expect(shown(page, "epoch")).toHaveText(/^[2-9]\d* of 200/, { timeout: 30_000 });
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText("Cancelled after");
  expect((await errors(page))["Persistence"]).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
});

test("a file, and other columns, keep the chosen settings as far as they fit, and say so", async ({
  page,
}) => {
  const complaints = await openForecast(page);
  const slider = (name: string) => page.getByRole("slider", { name, exact: true });
  const carried = shown(page, "csv-carried");
  await page.getByLabel("Cell").selectOption("GRU");
  await drop(page, "load.csv", load(400));
  await expect(carried).toHaveText("Your settings stay: cell GRU.");
  await place(page, { Epochs: 1, "Hidden size": 0 });
  await slider("Window").press("End");
  await expect(slider("Window")).toHaveAttribute("aria-valuetext", "90 days");
  await page.getByLabel("Forecast", { exact: true }).selectOption("temperature");
  await expect(carried).toHaveText("Your settings stay: window 90 days, cell GRU, hidden size 8, epochs 10.");
  await expect(page).toHaveURL(/#forecast\?series=csv&window=90&cell=GRU&hidden=8&epochs=10$/);
  // A bad file between two good ones changes nothing.
  await drop(page, "short.csv", load(20));
  await drop(page, "other.csv", load(200).replace("load,temperature", "demand,warmth"));
  await expect(carried).toHaveText(
    "Your settings stay: cell GRU, hidden size 8, epochs 10. The window of 90 days does not fit here; it is 14 days now.",
  );
  await expect(slider("Epochs")).toHaveAttribute("aria-valuetext", "10");
  await expect(page).toHaveURL(/#forecast\?series=csv&cell=GRU&hidden=8&epochs=10$/);
  await expectAccessible(page);
  await place(page, { "Hidden size": 1 });
  await button(page, "Start").click();
  await finish(page, 10);
  expect(complaints).toEqual([]);
});

test("a page stays as wide as the window, whatever names and numbers a file has", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const complaints = await openForecast(page);
  const lines = Array.from({ length: 200 }, (_, t) => `${1e29 * (1 + Math.sin(t / 3))},${t % 5}`);
  await drop(
    page,
    `${"x".repeat(200)}.csv`,
    [`${"y".repeat(200)},<b>${"z".repeat(150)}`, ...lines].join("\n"),
  );
  await expect(shown(page, "series-about")).toContainText("yyy");
  await expectFits(page);
  await expect(shown(page, "scores")).toContainText(/Persistence ?[\d.]+e28/);
  await place(page, { Epochs: 0 });
  await button(page, "Start").click();
  await finish(page, 5);
  await expectFits(page);
  await expect(page.locator("#roll-out-chart .points")).toHaveAttribute("aria-valuemax", /^\d{30}$/);
  // The choices beside one another keep their widths.
  const widths = await page
    .locator(".source-choice label")
    .evaluateAll((all) => all.map((label) => label.clientWidth >= label.scrollWidth));
  expect(widths).not.toContain(false);
  expect(complaints).toEqual([]);
});

test("says what is wrong with a file, and reads the next one", async ({ page }) => {
  const complaints = await openForecast(page);
  const alert = page.getByRole("alert");
  for (const [name, content, message] of [
    ["empty.csv", "", "The file is empty"],
    ["photo.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]), "This is not a text file"],
    ["words.csv", "name,place\nEve,Bern\nAda,Rome\n", "No column of words.csv holds numbers (name, place)."],
    ["short.csv", load(20), "short.csv has 20 rows; at least 60 are needed to learn from."],
    ["torn.csv", "a,b\n1,2\n3\n", "Line 3 has 1 cell, but the header has 2 columns."],
    ["quote.csv", 'a,b\n1,"2\n3,4\n', 'Line 2: a quote (") is opened and never closed.'],
    ["huge.csv", Buffer.alloc(10_000_001, "1,2\n"), "huge.csv has 10.0 MB; files up to 10.0 MB are read."],
    [
      "disorder.csv",
      load(100, (day, cells) => (day === 50 ? ["2020-06-01", ...cells.slice(1)] : cells)),
      'Line 52, column "date": 2020-06-01 does not come after the row before it',
    ],
  ] as const) {
    await drop(page, name, content);
    await expect(alert).toContainText(message);
    await expect(button(page, "Start")).toBeHidden();
  }
  // The last file has columns to choose from: it can be used without its dates.
  await page.getByLabel("Dates").selectOption("none");
  await expect(alert).toBeHidden();
  await expect(button(page, "Start")).toBeEnabled();

  const holes = load(100, (day, cells) => (day % 10 === 3 ? [cells[0]!, "", ...cells.slice(2)] : cells));
  await drop(page, "holes.csv", holes);
  await expect(page.getByLabel("Forecast", { exact: true })).toHaveValue("temperature");
  await expect(alert).toBeHidden();
  await page.getByLabel("Forecast", { exact: true }).selectOption("load (10 holes)");
  await expect(alert).toContainText('Line 5, column "load": the cell is empty; fill the gap');
  await expectAccessible(page);
  await page.getByRole("radio", { name: "Seattle’s weather" }).check({ force: true });
  await expect(alert).toBeHidden();
  await expect(button(page, "Start")).toBeEnabled();
  expect(complaints).toEqual([]);
});

/** Months, with days and months that can be taken for each other, and numbers with a sign that can be two things. */
function doubtful(): string {
  const lines = Array.from({ length: 96 }, (_, t) => {
    const sold = 200 + 90 * Math.sin((2 * Math.PI * t) / 12) + ((t * 29) % 17);
    return `${t};01/${String((t % 12) + 1).padStart(2, "0")}/${2015 + Math.floor(t / 12)};1.${Math.round(sold)};rain`;
  });
  return ["id;month;sold;remark", ...lines].join("\n");
}

for (const [name, size] of WIDTHS) {
  test(`says how a file was understood, asks in doubt, and reads it in the other way, ${name}`, async ({
    page,
  }) => {
    await page.setViewportSize(size);
    const complaints = await openForecast(page);
    await drop(page, "sold.csv", doubtful());
    const line = shown(page, "csv-understood");
    await expect(line).toContainText("Semicolons between cells; decimal comma (1.200 is 1,200)");
    await expect(line).toContainText("day first (01/02/2015 is 1 February 2015); oldest row first; no gaps.");
    await expect(line).toContainText(
      "id numbers the rows, so it is not forecast. remark is text and not used.",
    );
    await expect(page.getByLabel("Forecast", { exact: true })).toHaveValue("sold");
    const [order, decimal] = [page.getByLabel("Day and month"), page.getByLabel("Decimal sign")];
    await expect(order).toHaveAccessibleDescription(
      "Does 01/02/2015 mean 1 February 2015 or 2 January 2015? Please check.",
    );
    await expect(decimal).toHaveAccessibleDescription("Does 1.200 mean 1.2 or 1,200? Please check.");
    await expect(page.getByLabel("Rows")).toBeHidden();
    await expect(shown(page, "scores")).toContainText("The next month");
    await expectAccessible(page);
    await expectFits(page);
    const before = (await errors(page))["Persistence"]!;

    await decimal.selectOption("point");
    await expect(line).toContainText("decimal point (1.200 is 1.2)");
    // A thousandth, as the table rounds it.
    expect((await errors(page))["Persistence"]).toBeCloseTo(before / 1000, 2);
    await order.selectOption("month");
    await expect(line).toContainText("7 gaps, the longest after 12 January 2016 (355 days)");
    await expect(shown(page, "scores")).toContainText("The next day");
    await order.selectOption("day");
    await expect(shown(page, "scores")).toContainText("The next month");

    await page.getByLabel("Dates").selectOption("none");
    await page.getByLabel("Rows").selectOption("newest");
    await expect(line).toContainText("no dates; newest row first, turned round");
    await expectFits(page);

    // A file without doubts asks nothing.
    await drop(page, "load.csv", load(100));
    await expect(order).toBeHidden();
    await expect(decimal).toBeHidden();
    await expect(line).toHaveText(
      "Commas between cells; decimal point (100.00 is 100); dates in date (2021-01-01 is 1 January 2021); " +
        "oldest row first; no gaps. remark is text and not used.",
    );
    expect(complaints).toEqual([]);
  });
}

/** Hours of many columns, from which a long window makes thousands of inputs. */
function wide(rows: number, columns: number): string {
  const lines = Array.from({ length: rows }, (_, t) =>
    Array.from({ length: columns }, (_, k) =>
      (10 * Math.sin(t / (k + 3)) + ((t * (k + 7)) % 13)).toFixed(2),
    ).join(","),
  );
  return [Array.from({ length: columns }, (_, k) => `c${k}`).join(","), ...lines].join("\n");
}

test("training does not wait for the linear regression of a wide file", async ({ page }) => {
  const complaints = await openForecast(page);
  await drop(page, "wide.csv", wide(3000, 20));
  const inputs = page.getByRole("group", { name: "From these columns too" }).getByRole("checkbox");
  for (const box of await inputs.all()) if (await box.isVisible()) await box.check();
  await page.getByRole("slider", { name: "Window", exact: true }).press("End");
  await place(page, { Epochs: 0 });
  await button(page, "Start").click();
  await expect(shown(page, "epoch")).toHaveText(/^[1-5] of 5/, { timeout: 60_000 });
  await expect(shown(page, "verdict")).toContainText("the linear regression is still being fitted.");
  // Another window ends the fit, which nobody waits for any more; a smaller one is there soon.
  await button(page, "Cancel").click();
  const fits = () => page.workers().filter((worker) => worker.url().includes("linear.worker"));
  expect(fits()).toHaveLength(1);
  await page.getByRole("slider", { name: "Window", exact: true }).press("Home");
  await expect(shown(page, "scores")).toContainText(/Linear regression[\d.]+/, { timeout: 60_000 });
  expect(fits()).toHaveLength(0);
  expect(complaints).toEqual([]);
});

const throws = 'postMessage({ error: new RangeError("Array buffer allocation failed") })';
for (const [what, answer, said] of [
  ["does not load", undefined, "A part of this page could not be loaded"],
  ["has no memory", { contentType: "text/javascript", body: throws }, "Array buffer allocation failed"],
] as const) {
  test(`says that the linear regression ${what}, and fits it at the next visit`, async ({ page }) => {
    await page.route(/linear\.worker/, (route) => (answer ? route.fulfill(answer) : route.abort()));
    await openForecast(page);
    await expect(page.getByRole("alert")).toContainText(said);
    await expect(shown(page, "verdict")).toContainText(
      "Trained beforehand; the linear regression was not fitted: no verdict without it.",
      { timeout: 30_000 },
    );
    await page.unroute(/linear\.worker/);
    await visit(page, "Compare");
    await visit(page, "Forecast");
    await expect(shown(page, "verdict")).toContainText("below all baselines", { timeout: 30_000 });
    await expect(page.getByRole("alert")).toBeHidden();
  });
}
