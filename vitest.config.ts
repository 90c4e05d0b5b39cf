import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { configDefaults, defineConfig, type ViteUserConfig } from "vitest/config";
import { findBrowser } from "./tools/browser.ts";
import viteConfig from "./vite.config.ts";

/** The browser test files that take longest, as long together as all others. */
const long = [
  "gradient-check",
  "limits",
  "lstm-goldens",
  "optimizer-goldens",
  "proof",
  "random-models",
  "recurrent-goldens",
  "self-test",
  "soak",
  "special-recurrent",
  "tutorials",
].map((name) => `test/browser/${name}.test.ts`);

/**
 * `node` runs in Node, mostly what needs no GPU; `browser` runs the rest in a headless Chromium with WebGPU.
 * Where no browser is found the reason is printed, and the browser project fails.
 */
export default defineConfig(async (): Promise<ViteUserConfig> => {
  const browser = await findBrowser().catch((error: Error) => {
    console.error(error.message);
    return undefined;
  });
  return {
    resolve: viteConfig.resolve ?? {},
    // A fixed list: a dependency discovered while tests run would reload the page under them.
    optimizeDeps: {
      include: ["fast-check", "@bufbuild/protobuf", "@bufbuild/protobuf/wire", "onnx-buf", "jsfive"],
    },
    test: {
      projects: [
        {
          extends: true,
          test: {
            name: "node",
            include: ["test/node/**/*.test.ts"],
            // Vitest takes one core less by default, which on two cores is one file at a time.
            maxWorkers: availableParallelism(),
            testTimeout: 60_000,
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: {
            name: "browser",
            include: ["test/browser/**/*.test.ts"],
            setupFiles: ["test/browser/setup.ts"],
            // After the node tests, and one page at a time in each of two browsers: a software adapter compiles on one core.
            fileParallelism: false,
            sequence: { groupOrder: 2 },
            testTimeout: 120_000,
            hookTimeout: 60_000,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({
                launchOptions: browser
                  ? {
                      executablePath: browser.executablePath,
                      // The soak test weighs what is left after a collection.
                      args: [...browser.args, "--js-flags=--expose-gc", "--enable-precise-memory-info"],
                      env: browser.env,
                    }
                  : {},
              }),
              instances: [
                {
                  browser: "chromium",
                  name: "browser (short)",
                  exclude: [...configDefaults.exclude, ...long],
                },
                { browser: "chromium", name: "browser (long)", include: long },
              ],
            },
          },
        },
      ],
    },
  };
});
