import type { Engine } from "./engine.ts";
import { firefox } from "./firefox.ts";
import { findDeno, lavapipe, swiftshader } from "./install.ts";
import { terminalEngine } from "./terminal-engine.ts";

const node = process.execPath;
const nodeVersion = `Node ${process.versions.node}`;

/** Every engine, in the order they run. */
export const engines: readonly Engine[] = [
  {
    name: "dawn-lavapipe",
    title: "Node with Dawn",
    driver: "lavapipe",
    open: async () => terminalEngine(nodeVersion, node, [], lavapipe()),
  },
  {
    name: "dawn-default",
    title: "Node with Dawn, default limits and no optional feature",
    driver: "SwiftShader",
    open: async () => terminalEngine(nodeVersion, node, [], await swiftshader(), "stripped"),
  },
  {
    name: "deno",
    title: "Deno (wgpu)",
    driver: "SwiftShader",
    open: async () => {
      const { program, version } = findDeno();
      return terminalEngine(version, program, ["run", "-A", "--unstable-webgpu"], await swiftshader());
    },
  },
  firefox,
];
