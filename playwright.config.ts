import { type AddressInfo, createServer } from "node:net";
import { defineConfig } from "playwright/test";
import { findBrowser } from "./tools/browser.ts";

const { executablePath, args, env } = await findBrowser();
// Playwright's workers load this file again: they must hear of the same port.
process.env.DEMO_PORT ??= String(await freePort());
const port = process.env.DEMO_PORT;

/** Tests of speed, smoothness and live signals, which need a machine that does nothing else. */
const timed = [
  "compare",
  "forecast-live",
  "forecast-run",
  "stream",
  "stream-live",
  "stream-speech",
  "text",
  "text-alive",
  "text-run",
  "tune",
];
const timedSpecs = timed.map((name) => `demo/${name}.spec.ts`);

/** The demo and the site as a person uses them: a real browser, the software adapter; for the demo its own Vite server. */
export default defineConfig({
  testDir: "test",
  // In this order, so that the site, which takes longest, is not the last.
  projects: [
    { name: "site", testMatch: "site/*.spec.ts" },
    { name: "demo", testMatch: "demo/*.spec.ts", testIgnore: timedSpecs },
    { name: "timed", testMatch: timedSpecs },
  ],
  outputDir: "out/playwright",
  timeout: 180_000,
  // A test that claims a time says it; all else only has to come, on a slow machine too.
  expect: { timeout: 20_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_REPORT ?? "out/playwright.json" }]],
  use: {
    baseURL: `http://localhost:${port}`,
    viewport: { width: 1280, height: 800 },
    // An action that waits for ever must be named, not end the test without a word.
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    launchOptions: { executablePath, args, env },
  },
  webServer: {
    command: `node node_modules/vite/bin/vite.js --config demo/vite.config.ts --port ${port} --strictPort`,
    url: `http://localhost:${port}`,
    timeout: 60_000,
  },
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
