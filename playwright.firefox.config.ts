import { defineConfig } from "playwright/test";

/** The built site, and the demo under it, in Firefox on Mesa's software driver: `npm run test:firefox`. */
export default defineConfig({
  testDir: "test/firefox",
  globalSetup: "test/firefox/build.ts",
  outputDir: "out/playwright-firefox",
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_REPORT ?? "out/firefox.json" }]],
  use: {
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
  },
});
