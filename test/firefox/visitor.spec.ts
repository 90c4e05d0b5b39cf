/** The built demo in Firefox with a visitor's own data, a race, and two tabs at once. */
import { expect, type Page } from "playwright/test";
import { wavOf } from "../../demo/stream/speech/wav.ts";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { drop, errors, finish, number, place, shown } from "../demo/forecast-page.ts";
import { button, dropFile, visit } from "../demo/page.ts";
import { test } from "./test.ts";

/** Days of a load with a rhythm of a week. */
const load = [
  "date,load",
  ...Array.from({ length: 300 }, (_, day) => {
    const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
    return `${date},${(100 + 30 * Math.sin((2 * Math.PI * day) / 7) + ((day * 29) % 5)).toFixed(1)}`;
  }),
].join("\n");

test("forecast: a dropped CSV file is read, forecast, and travels in a link", async ({ page, context }) => {
  await page.goto("/#forecast?cell=GRU");
  await expect(button(page, "Start")).toBeEnabled({ timeout: 30_000 });
  await drop(page, "load.csv", load);
  await expect(shown(page, "csv-status")).toHaveText("load.csv: 300 rows.");
  await expect(shown(page, "csv-carried")).toHaveText("Your settings stay: cell GRU.");
  await place(page, { Epochs: 2 });
  await button(page, "Start").click();
  await finish(page, 20);
  const { GRU: own, Persistence: same } = await errors(page);
  expect(own).toBeLessThan(same! / 2);
  await expect(shown(page, "roll-out-note")).toContainText("GRU");

  // Firefox gives the clipboard to no test: the page shows the address then.
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await button(page, "Copy a link with the data").click();
  const note = shown(page, "csv-link-note");
  await expect(note).toContainText(/copy the link with 300 rows: http\S+&data=1/);
  const [url] = /http\S+$/.exec((await note.textContent())!)!;
  const other = await context.newPage();
  await other.goto(url);
  await expect(shown(other, "csv-status")).toHaveText("load.csv: 300 rows.");
  await expect(shown(other, "scores")).toContainText("Persistence");
  expect(await errors(other)).toMatchObject({ Persistence: same });
  await other.close();
});

test("compare: a race comes to its end, and says who was faster", async ({ page }) => {
  await page.goto("/#compare?seconds=1");
  await button(page, "Start the race").click();
  await expect(page.getByTestId("race-status")).toHaveText("The race is over.", { timeout: 60_000 });
  await expect(page.getByTestId("race-verdict")).toHaveText(
    /^On .* \(software\), .+ trains \d[\d.]* times as fast as .+ \(3 runs, [\d.]+ to [\d.]+\)/,
  );
  await button(page, "Result card").click();
  await expect(page.getByRole("dialog").getByRole("img")).toHaveAttribute("alt", /steps a second/);
});

test("stream: the phrases of the made sample and of a dropped file are found", async ({ page }) => {
  await page.goto("/#stream?signal=speech");
  const status = page.getByTestId("stream-status");
  await expect(status).toHaveText("Press Start: it loads the model first.");
  await button(page, "Start").click();
  await expect(status).toHaveText("Done: 2 segments of speech, and the GPU is free.", { timeout: 60_000 });
  await expect(page.locator("audio")).toBeVisible();
  const { samples, spoken } = makeSpeech();
  // The first phrase alone.
  const end = Math.ceil((spoken[0]![1] + 0.5) * 16_000);
  await dropFile(page, "body", "voice.wav", Buffer.from(wavOf(samples.slice(0, end), 16_000)));
  await expect(status).toHaveText("Done: 1 segment of speech, and the GPU is free.", { timeout: 60_000 });
  const [row] = await page.getByTestId("stream-speech-segments").locator("tbody tr").allInnerTexts();
  const [from, to] = row!.match(/[\d.]+(?= s)/g)!.map(Number);
  expect(Math.abs(from! - spoken[0]![0])).toBeLessThan(0.2);
  expect(Math.abs(to! - spoken[0]![1])).toBeLessThan(0.2);
});

test("two tabs train at once; each is offered its own run alone", async ({ page, context }) => {
  const train = async (tab: Page) => {
    await button(tab, "Start").click();
    await expect.poll(number(tab, "epoch"), { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  };
  await page.goto("/#forecast?epochs=200&batch=16");
  await expect(button(page, "Start")).toBeEnabled({ timeout: 30_000 });
  await train(page);
  const other = await context.newPage();
  await other.goto("/#forecast?cell=GRU&epochs=200&batch=16");
  await expect(button(other, "Start")).toBeEnabled({ timeout: 30_000 });
  await train(other);
  await expect(button(other, "Resume it")).toBeHidden();
  const epoch = await number(page, "epoch")();
  await expect.poll(number(page, "epoch"), { timeout: 30_000 }).toBeGreaterThan(epoch);
  await visit(other, "Compare");
  await expect(other.getByRole("navigation").getByRole("link", { name: "Forecast" })).toContainText("paused");
  await other.reload();
  await visit(other, "Forecast");
  await button(other, "Resume it").click();
  await expect(other.getByLabel("Cell")).toHaveValue("GRU");
  await expect.poll(number(other, "epoch"), { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  await button(other, "Cancel").click();
  await other.close();
  await button(page, "Cancel").click();
  await expect(shown(page, "status")).toContainText("Cancelled after");
});
