import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { findBrowser } from "./tools/browser.ts";
import viteConfig from "./vite.config.ts";

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
            // After the node tests and one page at a time: the software adapter already uses every core.
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
              instances: [{ browser: "chromium" }],
            },
          },
        },
      ],
    },
  };
});
