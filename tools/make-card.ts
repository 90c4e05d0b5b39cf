/**
 * Makes demo/public/card.png, the picture of links to the demo: its built Forecast view after a run, 1200 × 630.
 * `node tools/run.mjs tools/make-card.ts`
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { findBrowser } from "./browser.ts";

const PICTURE = fileURLToPath(new URL("../demo/public/card.png", import.meta.url));
const configFile = fileURLToPath(new URL("../demo/vite.config.ts", import.meta.url));

const outDir = mkdtempSync(join(tmpdir(), "demo-"));
try {
  await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({ configFile, logLevel: "error", build: { outDir }, preview: { port: 0 } });
  const { executablePath, args, env } = await findBrowser();
  const browser = await chromium.launch({ executablePath, args, env });
  try {
    // Larger than usual, so that it can be read on a small preview.
    const page = await browser.newPage({ viewport: { width: 960, height: 504 }, deviceScaleFactor: 1.25 });
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByText(/^Done, \d+ epochs/).waitFor({ timeout: 300_000 });
    // The page's name and one chart.
    await page.addStyleTag({
      content: `
        main, footer, .adapter, .masthead button, .mouse { visibility: hidden }
        section:has(> #forecast-chart) { visibility: visible; position: fixed; inset: 76px 20px 20px }
        #forecast-chart .u-legend { font-size: 14px }
        #forecast-chart .u-legend .u-series:first-child { display: none }`,
    });
    await page.evaluate(() => scrollTo(0, 0));
    await page.locator("#forecast-chart canvas").waitFor();
    await page.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(outDir, { recursive: true });
}
console.log(`${PICTURE}: ${(statSync(PICTURE).size / 1000).toFixed(0)} kB`);
process.exit(0);
