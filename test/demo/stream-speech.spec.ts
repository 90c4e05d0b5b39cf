/** The Stream view's Speech: the made sample, files, Chromium's fake microphone, and what can go wrong. */
import { writeFileSync } from "node:fs";
import { chromium, expect, type Page, test } from "playwright/test";
import { wavOf } from "../../demo/stream/speech/wav.ts";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { findBrowser } from "../../tools/browser.ts";
import { button, dropFile, expectAccessible, expectFits, open, WIDTHS } from "./page.ts";

const status = (page: Page) => page.getByTestId("stream-status");
const segments = (page: Page) =>
  page
    .getByTestId("stream-speech-segments")
    .locator("tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => Number.parseFloat(cell.textContent ?? ""))).reverse(),
    );

async function choose(page: Page): Promise<string[]> {
  const complaints = await open(page, "/#stream");
  await page.getByLabel("Signal", { exact: true }).selectOption("Speech");
  return complaints;
}

const { samples, spoken } = makeSpeech();

/** Fails unless the found segments are the made phrases, within a fifth of a second. */
async function expectPhrases(page: Page): Promise<void> {
  const found = await segments(page);
  expect(found).toHaveLength(spoken.length);
  for (const [i, [from, to]] of spoken.entries()) {
    expect(Math.abs(found[i]![0]! - from)).toBeLessThan(0.2);
    expect(Math.abs(found[i]![1]! - to)).toBeLessThan(0.2);
    expect(found[i]![3]).toBeGreaterThan(0.9);
  }
}

for (const [width, size] of WIDTHS) {
  test(`finds the phrases of the made sample, ${width}`, async ({ page }) => {
    await page.setViewportSize(size);
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(request.url()));
    const complaints = await choose(page);
    await expectAccessible(page);
    await expectFits(page);
    // Only Start loads the model.
    expect(loaded.some((url) => url.includes(".onnx") && !url.includes("?"))).toBe(false);
    await button(page, "Start").click();
    await expect(status(page)).toHaveText("Done: 2 segments of speech, and the GPU is free.", {
      timeout: 90_000,
    });
    await expectPhrases(page);
    await expect(page.getByTestId("stream-speech-heard")).toHaveText("9.0 s");
    await expect(page.getByTestId("stream-speech-count")).toHaveText("2");
    await expect(page.getByTestId("adapter")).toContainText("(software)");
    const median = page.getByTestId("stream-quantiles").locator("td").first();
    expect(Number.parseFloat((await median.textContent())!)).toBeGreaterThan(0);
    await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
    await expect(page.locator("audio")).toBeVisible();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
      await expectAccessible(page);
      await expectFits(page);
    }

    // Another signal has nothing of it.
    await page.getByLabel("Signal", { exact: true }).selectOption("Microphone level");
    await expect(page.getByTestId("stream-quantiles").locator("tr")).toHaveCount(0);
    await expect(page.getByTestId("stream-speech-segments")).toBeHidden();
    await expect(status(page)).toHaveText("Press Start: it learns what is normal first.");
    expect(complaints).toEqual([]);
  });
}

const WIDE = "audio/wav";

/** The made voice at 44.1 kHz, in two channels of which one is silent. */
function stereo(): Buffer {
  const [from, to] = [16_000, 44_100];
  const length = Math.floor((samples.length * to) / from);
  const mono = Float32Array.from({ length }, (_, i) => {
    const at = (i * from) / to;
    const [before, share] = [Math.floor(at), at % 1];
    return (1 - share) * samples[before]! + share * (samples[before + 1] ?? 0);
  });
  const both = Float32Array.from({ length: 2 * length }, (_, i) => (i % 2 === 0 ? mono[i / 2]! : 0));
  const bytes = Buffer.from(wavOf(both, to));
  bytes.writeUInt16LE(2, 22); // channels
  bytes.writeUInt32LE(4 * to, 28); // bytes a second
  bytes.writeUInt16LE(4, 32); // bytes of both
  return bytes;
}

test("reads a file at another rate, chosen or dropped, and judges it by another threshold", async ({
  page,
}) => {
  const complaints = await choose(page);
  await page.getByLabel("Sound", { exact: true }).selectOption("Audio file");
  await expect(button(page, "Start")).toBeDisabled();
  await page
    .getByLabel("Choose an audio file")
    .setInputFiles({ name: "voice.wav", mimeType: WIDE, buffer: stereo() });
  await expect(page.getByTestId("stream-speech-file-name")).toHaveText("voice.wav");
  await expect(status(page)).toHaveText(/^Done: 2 segments/, { timeout: 90_000 });
  await expectPhrases(page);
  // The second phrase begins with a chunk that is less sure.
  const [, [before]] = (await segments(page)) as [number[], number[]];
  await page.getByLabel("Probability from which it is speech").fill("0.9");
  await expect.poll(async () => (await segments(page))[1]![0]).toBeGreaterThan(before!);

  // From another signal, and beside every card.
  await page.getByLabel("Signal", { exact: true }).selectOption("Synthetic sensor");
  await dropFile(page, "body", "noise.wav", Buffer.from(wavOf(new Float32Array(16_000), 16_000)));
  await expect(page.getByLabel("Signal", { exact: true })).toHaveValue("speech");
  await expect(status(page)).toHaveText("Done: 0 segments of speech, and the GPU is free.", {
    timeout: 60_000,
  });
  await expect(page).toHaveURL(/#stream$/);
  expect(complaints).toEqual([]);
});

test("says what is wrong with a file, a microphone and a model that does not load", async ({ page }) => {
  const complaints = await choose(page);
  const alert = page.getByRole("alert");
  await dropFile(page, "main", "song.mp3", Buffer.from("no sound at all"));
  await expect(alert).toContainText("This file cannot be read as sound");
  await expect(alert).toContainText("The browser does not decode song.mp3");
  await expect(status(page)).toHaveText("Stopped.");
  await expectAccessible(page);

  // Headless Chromium refuses permission requests.
  await page.getByLabel("Sound", { exact: true }).selectOption("Microphone");
  await expect(alert).toBeHidden();
  await button(page, "Start").click();
  await expect(alert).toContainText(/The microphone was not allowed|No microphone was found/);
  await expect(alert).toContainText("or read a file or the made sample");
  expect(page.workers()).toHaveLength(0);
  expect(complaints).toEqual([]);

  await page.getByLabel("Sound", { exact: true }).selectOption("Made sample");
  await page.route(/silero_vad_v6\.onnx/, (route) => route.fulfill({ status: 404 }));
  await button(page, "Start").click();
  await expect(alert).toContainText("The model did not load (404). Try again.", { timeout: 20_000 });
  await page.unroute(/silero_vad_v6\.onnx/);
  await button(page, "Start").click();
  await expect(alert).toBeHidden();
  await expect(status(page)).toHaveText(/^Listening/, { timeout: 60_000 });
  await button(page, "Stop").click();
  await expect(status(page)).toHaveText(/^Stopped/, { timeout: 1000 });
  await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);
});

test("says that the page is not secure where that is why there is no WebGPU", async ({ page }) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, "gpu");
    Object.defineProperty(window, "isSecureContext", { value: false });
  });
  await open(page, "/");
  await expect(page.getByRole("alert")).toContainText("This page was not opened over https");
  await expect(page.getByRole("alert")).not.toContainText("This browser has no WebGPU");
});

test("hears the phrases at the microphone, and releases it", async ({ baseURL }, info) => {
  const file = info.outputPath("voice.wav");
  writeFileSync(file, wavOf(samples, 16_000));
  const { executablePath, args, env } = await findBrowser();
  const fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  const browser = await chromium.launch({
    executablePath,
    args: [...args, ...fake, `--use-file-for-fake-audio-capture=${file}`],
    env,
  });
  try {
    const context = await browser.newContext({ baseURL: baseURL!, permissions: ["microphone"] });
    const page = await context.newPage();
    const complaints = await choose(page);
    await page.getByLabel("Sound", { exact: true }).selectOption("Microphone");
    await button(page, "Start").click();
    await expect(status(page)).toHaveText("Listening.", { timeout: 60_000 });
    // The file is played over and over.
    await expect(page.getByTestId("stream-speech-count")).toHaveText(/^[1-9]/, { timeout: 30_000 });
    await expect
      .poll(async () => (await segments(page)).some(([, , length]) => length! > 1), { timeout: 30_000 })
      .toBe(true);
    await button(page, "Stop").click();
    await expect(status(page)).toHaveText(/^Stopped: \d+ segments? of speech, and the GPU is free\.$/);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
