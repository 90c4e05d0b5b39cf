import { type Browser as Chromium, chromium, type Page } from "playwright";
import { createServer, type ViteDevServer } from "vite";
import { checkLimit } from "../tasks/workloads/limits.ts";
import { findBrowser } from "../tools/browser.ts";
import config from "../vite.config.ts";
import type { AdapterCeilings, Ceiling } from "./ceiling.ts";
import type {} from "./page/main.ts";
import type { Seat } from "./seat.ts";

/** The peers' packages, which Vite bundles before the first visit. */
const BUNDLED = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-layers",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-wasm",
];

/** Cross-origin isolation enables WebAssembly threads and a clock of 5 µs. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Serves the benchmark page, and opens it in a browser for each contestant. */
export class BrowserPlace {
  readonly #server: ViteDevServer;
  readonly #executable: Awaited<ReturnType<typeof findBrowser>>;
  readonly #opened = new Set<Chromium>();
  /** The browser's version. */
  readonly version: string;

  private constructor(
    server: ViteDevServer,
    executable: Awaited<ReturnType<typeof findBrowser>>,
    version: string,
  ) {
    this.#server = server;
    this.#executable = executable;
    this.version = version;
  }

  static async start(): Promise<BrowserPlace> {
    const executable = await findBrowser();
    const server = await createServer({
      configFile: false,
      root: new URL("..", import.meta.url).pathname,
      logLevel: "error",
      // A separate cache: the servers of the tests and the demo bundle other packages.
      cacheDir: "node_modules/.vite-bench",
      resolve: config.resolve ?? {},
      // ONNX Runtime and jax-js find their files and workers by import.meta.url, so they are not bundled.
      optimizeDeps: { entries: [], include: BUNDLED, exclude: ["onnxruntime-web", "@jax-js/jax"] },
      server: { host: "127.0.0.1", port: 0, headers: ISOLATED, watch: null, hmr: false },
    });
    await server.listen();
    const browser = await chromium.launch(executable);
    const version = browser.version();
    await browser.close();
    return new BrowserPlace(server, executable, version);
  }

  /** Opens another page of `bench/page/` in a browser of its own. */
  async visit<T>(name: string, use: (page: Page) => Promise<T>): Promise<T> {
    const browser = await this.#launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${this.#address}${name}`);
      return await use(page);
    } finally {
      this.#opened.delete(browser);
      await browser.close();
    }
  }

  get #address(): string {
    const { port } = this.#server.httpServer!.address() as { port: number };
    return `http://127.0.0.1:${port}/bench/page/`;
  }

  async #page(browser: Chromium): Promise<Page> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (entry) => {
      if (entry.type() === "error") complaints.push(entry.text());
    });
    await page.goto(`${this.#address}index.html`);
    // Once the page is loaded, its module has run or has failed to load.
    if (!(await page.evaluate(() => globalThis.bench !== undefined))) {
      throw new Error(`the page of the benchmarks did not start: ${complaints.join("; ")}`);
    }
    return page;
  }

  async #launch(): Promise<Chromium> {
    const browser = await chromium.launch(this.#executable);
    this.#opened.add(browser);
    return browser;
  }

  /** The adapter as this library sees it in the browser, and its ceilings, measured in a separate page. */
  async ceilings(): Promise<AdapterCeilings> {
    const page = await this.#page(await this.#launch());
    const { info, facts } = await page.evaluate(() => globalThis.bench!.openCeiling());
    const ceiling: Omit<Ceiling, "dispose"> = {
      sample: () => page.evaluate(() => globalThis.bench!.ceiling!.sample()),
      roundTripMs: () => page.evaluate(() => globalThis.bench!.ceiling!.roundTripMs()),
      encodeMicros: () => page.evaluate(() => globalThis.bench!.ceiling!.encodeMicros()),
      readBackMs: () => page.evaluate(() => globalThis.bench!.ceiling!.readBackMs()),
      copyRate: () => page.evaluate(() => globalThis.bench!.ceiling!.copyRate()),
    };
    return { place: "Chromium", info, facts, ceiling };
  }

  /** A contestant in its own browser: closing the browser of a slow contestant ends all its queued work. */
  seat(name: string, ceiling: Seat["ceiling"]): Seat {
    let browser: Chromium | undefined;
    return {
      name,
      place: "Chromium",
      ours: name === "webgpu-lstm",
      ceiling,
      open: async (workload) => {
        if (name !== "webgpu-lstm") checkLimit(name, workload);
        browser ??= await this.#launch();
        const page = await this.#page(browser);
        try {
          const opening = await page.evaluate(([name, workload]) => globalThis.bench!.open(name, workload), [
            name,
            workload,
          ] as const);
          return {
            ...opening,
            firstResult: Float32Array.from(opening.firstResult),
            sample: (count) => page.evaluate((count) => globalThis.bench!.sample(count), count),
            result: async () => Float32Array.from(await page.evaluate(() => globalThis.bench!.result())),
            close: () => page.close(),
          };
        } catch (error) {
          // A crash or stop() may have closed it already.
          await page.close().catch(() => {});
          throw error;
        }
      },
      stop: async () => {
        const stopped = browser;
        browser = undefined;
        if (!stopped) return;
        this.#opened.delete(stopped);
        await stopped.close();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((browser) => browser.close()));
    await this.#server.close();
  }
}
