import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

const root = new URL("../", import.meta.url);

/** The machine and the versions that were measured. */
export interface Environment {
  readonly date: string;
  /** The commit, with "+" if files differ from it; null without git. */
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly platform: string; readonly cpu: string; readonly cores: number };
  /** The machine's load average at the start. If it exceeds the number of cores, other programs distort the times. */
  readonly load: number;
}

/** Packages whose versions are reported. */
const PACKAGES = [
  "webgpu",
  "@tensorflow/tfjs-layers",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-wasm",
  "@jax-js/jax",
  "onnxruntime-web",
];

/** @param others Versions from elsewhere: the browser's, PyTorch's. */
export function describeEnvironment(others: Readonly<Record<string, string>> = {}): Environment {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    versions: {
      node: process.versions.node,
      "webgpu-lstm": versionOf("package.json"),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(`node_modules/${name}/package.json`)])),
      ...others,
    },
    machine: {
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
    },
    load: loadavg()[0] ?? 0,
  };
}

function versionOf(manifest: string): string {
  return (JSON.parse(readFileSync(new URL(manifest, root), "utf8")) as { version: string }).version;
}

function commit(): string | null {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${changed ? "+" : ""}`;
  } catch {
    return null;
  }
}
