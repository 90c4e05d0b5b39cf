#!/usr/bin/env node
/**
 * Runs a TypeScript program of this repository in Node, with the aliases and `?raw` imports that Vite gives it in the
 * browser: `node tools/run.mjs examples/sine.ts --epochs 10`. The program sees its own name in `process.argv[1]`.
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createRunnableDevEnvironment, loadConfigFromFile, resolveConfig } from "vite";

const [entry, ...args] = process.argv.slice(2);
if (!entry) {
  console.error("usage: node tools/run.mjs PROGRAM.ts [arguments]");
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const program = resolve(entry);
process.argv = [process.argv[0], program, ...args];
process.setSourceMapsEnabled(true);

const nodeEnv = process.env.NODE_ENV;
const env = { command: "serve", mode: "development" };
const userConfig = await loadConfigFromFile(env, undefined, root, undefined, undefined, "runner");
const config = await resolveConfig(
  {
    root,
    configFile: false,
    envDir: false,
    resolve: userConfig?.config.resolve ?? {},
    environments: {
      program: {
        consumer: "server",
        dev: { moduleRunnerTransform: true },
        resolve: { conditions: ["node"] },
      },
    },
  },
  "serve",
);
// Vite has set it for its own development mode; what the program starts must not build for that.
if (nodeEnv === undefined) delete process.env.NODE_ENV;
const environment = createRunnableDevEnvironment("program", config, {
  runnerOptions: { hmr: false },
  hot: false,
});
await environment.init();
await environment.runner.import(program);
