/** Devices in Node, as the README has them: no globals, no crash when garbage is collected, an exit code of 0. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { NoAdapterError, OptionError, WebGpuUnavailableError } from "webgpu-lstm";
import { openDevice } from "webgpu-lstm/node";
import { expectRefusal, wrong } from "../refusal.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const hasSoftware = process.platform === "linux" && process.arch === "x64";

const FIXTURE = "test/node/fixtures/node-device.ts";

function run(program: string, argument: string, env: Record<string, string> = {}) {
  const args = ["--expose-gc", "tools/run.mjs", program, argument];
  const options = { cwd: root, encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { stdout, status, signal } = spawnSync(process.execPath, args, options);
  return { stdout, ended: signal ?? status };
}

describe("a process", () => {
  test("uses a given GPU object that nothing else holds", () => {
    // Dawn's null backend computes nothing.
    const { stdout, ended } = run(FIXTURE, "given");
    expect(ended).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ globals: [] });
  });

  test("opens a device, and unpacks a software driver where there is none yet", () => {
    const cache = mkdtempSync(join(tmpdir(), "node-device-"));
    const { stdout, ended } = run(FIXTURE, "opened", { XDG_CACHE_HOME: cache });
    rmSync(cache, { recursive: true, force: true });
    expect(ended).toBe(0);
    const { losses, globals } = JSON.parse(stdout) as { losses: number[]; globals: string[] };
    expect(globals).toEqual([]);
    expect(losses[0]).toBeGreaterThan(losses[2]!);
    expect(losses[2]).toBeGreaterThan(0);
  });

  test("runs the README's lines", () => {
    const blocks = readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms);
    const block = [...blocks].map(([, code]) => code!).find((code) => code.includes("webgpu-lstm/node"))!;
    const folder = mkdtempSync(join(tmpdir(), "node-device-"));
    const program = join(folder, "readme.ts");
    writeFileSync(program, block);
    const { stdout, ended } = run(program, "");
    rmSync(folder, { recursive: true, force: true });
    expect(ended).toBe(0);
    expect(stdout.trim()).toMatch(/./);
  });
});

describe("openDevice", () => {
  test("refuses an unknown kind of adapter and an unknown option", async () => {
    await expectRefusal(
      () => openDevice({ adapter: wrong("cuda") }),
      OptionError,
      "openDevice: adapter must be one of any, hardware, software",
      '"cuda"',
    );
    await expectRefusal(() => openDevice(wrong({ power: 1 })), OptionError, 'unknown option "power"');
  });

  test("takes the adapter that is asked for", async () => {
    const device = await openDevice({ adapter: hasSoftware ? "software" : "any" });
    if (hasSoftware) expect(device.info.software).toBe(true);
    device.dispose();
  });

  test("advises on Node where there is no adapter, or no package webgpu", async () => {
    const none = { create: () => ({ requestAdapter: async () => null }) };
    vi.doMock("webgpu", () => none);
    const advice = ["openDevice: this machine has no", "Vulkan"];
    await expectRefusal(() => openDevice(), NoAdapterError, ...advice, "npm install @sparticuz/chromium");
    await expectRefusal(
      () => openDevice({ adapter: "hardware" }),
      NoAdapterError,
      ...advice,
      "allow software",
    );
    vi.doMock("webgpu", () => {
      throw new Error("Cannot find package 'webgpu'");
    });
    await expectRefusal(() => openDevice(), WebGpuUnavailableError, "openDevice", "npm install webgpu");
    vi.doUnmock("webgpu");
  });
});
