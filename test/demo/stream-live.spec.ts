/** The Stream view with signals of the device: Chromium's fake microphone, which beeps, and motion events of the test. */
import { expect, type Page, test } from "playwright/test";
import { findBrowser } from "../../tools/browser.ts";
import { button, expectAccessible, expectFits, open, visit } from "./page.ts";

const { executablePath, args, env } = await findBrowser();
const fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
test.use({ launchOptions: { executablePath, args: [...args, ...fake], env } });

const status = (page: Page) => page.getByTestId("stream-status");
const steps = async (page: Page) => Number(await page.getByTestId("stream-steps").textContent());

test("records the microphone, learns it, watches it, and releases it", async ({ page, context }) => {
  await context.grantPermissions(["microphone"]);
  await page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = [];
    Object.assign(window, {
      liveTracks: () => tracks.filter(({ readyState }) => readyState === "live").length,
    });
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
      const stream = await getUserMedia.call(this, constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  const liveTracks = () => page.evaluate(() => (window as unknown as { liveTracks(): number }).liveTracks());
  const complaints = await open(page, "/#stream");
  await page.getByLabel("Signal", { exact: true }).selectOption("Microphone level");
  await page.getByLabel("Record what is normal for").selectOption("5 s");
  await page.getByLabel("Streams answered").selectOption("16");
  expect(await liveTracks()).toBe(0);
  await button(page, "Start").click();
  await expect(status(page)).toHaveText("Recording what is normal: keep it so.", { timeout: 10_000 });
  await expect(page.getByTestId("stream-time-left")).toHaveText(/^[1-9] s to go$/, { timeout: 5000 });
  expect(await liveTracks()).toBe(1);
  await expect(status(page)).toHaveText("Watching the microphone.", { timeout: 60_000 });
  await expect.poll(() => steps(page), { timeout: 10_000 }).toBeGreaterThan(30);
  await expect(page.getByTestId("stream-value")).toHaveText(/^−\d+\.\d\d dB$/);
  await expect(page.getByTestId("stream-predicted")).toHaveText(/^−?\d+\.\d\d dB$/);
  await expect(button(page, "Disturb")).toBeHidden();
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(() => expectFits(page)).toPass({ timeout: 5000 }); // the charts follow the width

  await button(page, "Stop").click();
  await expect.poll(liveTracks, { timeout: 1000 }).toBe(0);
  await expect.poll(() => page.workers().length, { timeout: 1000 }).toBe(0);

  // Another rate is another signal, which needs another model.
  await page.getByLabel("Values per second").selectOption("60");
  await button(page, "Start").click();
  await expect(status(page)).toHaveText("Recording what is normal: keep it so.", { timeout: 10_000 });
  await visit(page, "Inspect");
  await expect.poll(liveTracks, { timeout: 1000 }).toBe(0);
  expect(complaints).toEqual([]);
});

test("watches the device's motion", async ({ page }) => {
  await page.addInitScript(() => {
    setInterval(() => {
      const t = performance.now() / 1000;
      const accelerationIncludingGravity = { x: 0.3 * Math.sin(5 * t), y: 0.4 * Math.sin(9 * t), z: 9.81 };
      dispatchEvent(new DeviceMotionEvent("devicemotion", { accelerationIncludingGravity, interval: 16 }));
    }, 16);
  });
  const complaints = await open(page, "/#stream");
  await page.getByLabel("Signal", { exact: true }).selectOption("Device motion");
  await page.getByLabel("Record what is normal for").selectOption("5 s");
  await page.getByLabel("Values per second").selectOption("60");
  await button(page, "Start").click();
  await expect(status(page)).toHaveText("Watching the motion.", { timeout: 60_000 });
  await expect.poll(() => steps(page), { timeout: 10_000 }).toBeGreaterThan(10);
  await expect(page.getByTestId("stream-value")).toHaveText(/^9\.\d\d m\/s²$/);
  expect(complaints).toEqual([]);
});
