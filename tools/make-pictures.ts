/**
 * Pictures of the built demo, light and dark, and the text that it writes as an animation:
 * `npm run build:demo`, then `node tools/run.mjs tools/make-pictures.ts`.
 *
 *   --out FOLDER    where they go (out/pictures); docs for those that the README shows
 *   --view NAME     one view alone, or one file: demo-race
 *   --scheme NAME   light or dark alone
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright";
import { preview } from "vite";
import { findBrowser } from "./browser.ts";
import { type Coloured, writingPicture } from "./pictures/writing.ts";

interface Shot {
  /** The view's address, with settings if need be. */
  readonly view: string;
  readonly file: string;
  /** The part of the view that is shown; without one the page is. */
  readonly part?: string;
  /** The button that begins what the picture shows; without one it begins by itself. */
  readonly start?: string;
  /** What the view says when it has come to its end. */
  readonly done?: RegExp;
  /** The longest wait for that, in seconds. */
  readonly seconds: number;
}

const SHOTS: readonly Shot[] = [
  { view: "forecast", file: "demo", start: "Start", done: /^Done/, seconds: 240 },
  { view: "text", file: "demo-text", seconds: 20 },
  { view: "stream", file: "demo-stream", seconds: 40 },
  { view: "inspect", file: "demo-inspect", seconds: 15 },
  { view: "compare", file: "demo-compare", start: "Run", done: /^Done/, seconds: 400 },
  {
    view: "compare?seconds=10",
    file: "demo-race",
    part: "section:has(#race-results)",
    start: "Start the race",
    done: /^The race is over/,
    seconds: 200,
  },
];
const SCHEMES = ["light", "dark"] as const;
const VIEWPORT = { width: 1280, height: 1000 };

const root = fileURLToPath(new URL("../", import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "out/pictures") },
    view: { type: "string" },
    scheme: { type: "string" },
  },
});
const shots = SHOTS.filter(({ view, file }) => !values.view || [view, file].includes(values.view));
const schemes = SCHEMES.filter((scheme) => !values.scheme || scheme === values.scheme);
if (shots.length * schemes.length === 0)
  throw new Error(`--view is one of ${SHOTS.map(({ file }) => file).join(", ")}, --scheme light or dark`);

/** Opens a view, and waits until it is done or has had its time. */
async function show(page: Page, address: string, { view, start, done, seconds }: Shot) {
  await page.goto(`${address}#${view}`);
  const shown = page.locator(`#${view.split("?")[0]}-view`);
  await shown.locator("h1").waitFor({ timeout: 60_000 });
  if (start) await shown.getByRole("button", { name: start, exact: true }).click({ timeout: 60_000 });
  if (done) {
    const status = shown.getByText(done).first();
    await status
      .waitFor({ timeout: 1000 * seconds })
      .catch(() => console.log(`${view}: not done in ${seconds} s`));
  } else await page.waitForTimeout(1000 * seconds);
  await page.evaluate(() => scrollTo(0, 0));
}

/** Takes the picture of what is shown, in one scheme. */
async function picture(page: Page, { file, part }: Shot, scheme: (typeof SCHEMES)[number]) {
  await page.emulateMedia({ colorScheme: scheme });
  // Charts are drawn anew.
  await page.waitForTimeout(500);
  const path = join(values.out, `${file}${scheme === "dark" ? "-dark" : ""}.png`);
  if (part) await page.locator(part).screenshot({ path });
  else await page.screenshot({ path, fullPage: true });
  console.log(path);
}

/** The characters on the Text view's paper, each with its colours in both themes, all at one moment. */
function paper(page: Page): Promise<Coloured[]> {
  return page
    .getByTestId("text-paper")
    .locator("span, b")
    .evaluateAll((spans) => {
      const { dataset } = document.documentElement;
      const theme = dataset["theme"];
      // For viewers that do not know color().
      const asRgb = (colour: string) =>
        colour.replace(/^color\(srgb (\S+) (\S+) (\S+)(.*)\)$/, (_, r, g, b, alpha) => {
          const [red, green, blue] = [r, g, b].map((part) => Math.round(255 * Number(part)));
          return `rgb(${red} ${green} ${blue}${alpha})`;
        });
      const coloursIn = (name: string) => {
        dataset["theme"] = name;
        return spans.map((span) => getComputedStyle(span).backgroundColor).map(asRgb);
      };
      const [light, dark] = [coloursIn("light"), coloursIn("dark")];
      dataset["theme"] = theme!;
      return spans.map((span, i) => ({ character: span.textContent!, light: light[i]!, dark: dark[i]! }));
    });
}

mkdirSync(values.out, { recursive: true });
const server = await preview({
  root,
  build: { outDir: "dist-demo" },
  preview: { port: 0 },
  logLevel: "error",
});
const { executablePath, args, env } = await findBrowser();
const browser = await chromium.launch({ executablePath, args, env });
try {
  for (const shot of shots) {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await show(page, server.resolvedUrls!.local[0]!, shot);
    for (const scheme of schemes) await picture(page, shot, scheme);
    if (shot.view === "text") {
      const path = join(values.out, "writing.svg");
      writeFileSync(path, writingPicture(await paper(page)));
      console.log(path);
    }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
