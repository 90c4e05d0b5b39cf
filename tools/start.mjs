#!/usr/bin/env node
/** Serves the demo, prints its address and, if there is a screen, opens it in the browser. */
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const { platform, env, stdout } = process;
const hasScreen =
  platform === "darwin" || platform === "win32" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
const server = await createServer({
  configFile: fileURLToPath(new URL("../demo/vite.config.ts", import.meta.url)),
  server: { open: hasScreen && stdout.isTTY && !env.CI },
});
await server.listen();
server.printUrls();
server.bindCLIShortcuts({ print: true });
