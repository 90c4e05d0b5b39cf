/** The tools that run everything else: programs in Node, Dawn on software, the choice of browser, `npm start`. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { untar } from "../../src/node/untar.ts";
import { findBrowser } from "../../tools/browser.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = "test/node/fixtures/program.ts";

function run(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ["tools/run.mjs", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

describe("tools/run.mjs", () => {
  test("runs TypeScript with the project's alias, a raw import and its arguments", () => {
    const { stdout, stderr, status } = run([program, "describe", "--epochs", "3"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([["describe", "--epochs", "3"], "webgpu-lstm", "ShapeError"]);
    expect(status).toBe(0);
  });

  test("reports an error's file and line, and exits with 1", () => {
    const { stderr, status } = run([program, "fail"]);
    const line =
      readFileSync(root + program, "utf8")
        .split("\n")
        .findIndex((text) => text.includes("throw new")) + 1;
    expect(stderr).toContain("a deliberate error");
    expect(stderr).toContain(`program.ts:${line}:`);
    expect(status).toBe(1);
  });

  test("serves late imports once each, and keeps the program's exit code", () => {
    const { stdout, status } = run([program]);
    expect(stdout).toBe("late\n");
    expect(status).toBe(7);
  });

  test("leaves NODE_ENV alone, which decides what a program builds for", () => {
    const { NODE_ENV: _, ...env } = process.env;
    const mode = (given: NodeJS.ProcessEnv) =>
      spawnSync(process.execPath, ["tools/run.mjs", program, "mode"], {
        cwd: root,
        encoding: "utf8",
        env: given,
      }).stdout;
    expect(mode(env)).toBe("none\n");
    expect(mode({ ...env, NODE_ENV: "production" })).toBe("production\n");
  });

  test("prints its usage", () => {
    const { stderr, status } = run([]);
    expect(stderr).toContain("usage: node tools/run.mjs PROGRAM.ts");
    expect(status).toBe(2);
  });
});

describe("openGpu", () => {
  const software = process.platform === "linux" && process.arch === "x64";

  test("computes in Node, on SwiftShader if requested", () => {
    const { stdout, stderr } = run([program, "compute"], software ? { WEBGPU_ADAPTER: "software" } : {});
    expect(stderr).toBe("");
    expect(stdout.trim()).toMatch(software ? /^swiftshader 0 1 4 9$/ : / 0 1 4 9$/);
  });

  test("refuses an unknown adapter", () => {
    const { stderr, status } = run([program, "compute"], { WEBGPU_ADAPTER: "cuda" });
    expect(stderr).toContain('WEBGPU_ADAPTER: adapter must be one of any, hardware, software, got "cuda"');
    expect(status).toBe(1);
  });
});

describe("findBrowser", () => {
  test("finds an existing browser, requests software WebGPU, and passes its environment on", async () => {
    vi.stubEnv("WEBGPU_ADAPTER", "");
    const { executablePath, args, env } = await findBrowser();
    vi.unstubAllEnvs();
    expect(existsSync(executablePath)).toBe(true);
    expect(args).toContain("--use-webgpu-adapter=swiftshader");
    expect(env["PATH"]).toBe(process.env["PATH"]);
  });

  test("uses CHROMIUM_PATH", async () => {
    vi.stubEnv("CHROMIUM_PATH", process.execPath);
    expect(await findBrowser()).toMatchObject({ executablePath: process.execPath, source: "CHROMIUM_PATH" });
    vi.stubEnv("CHROMIUM_PATH", "/nowhere/chromium");
    await expect(findBrowser()).rejects.toThrow(
      "CHROMIUM_PATH is /nowhere/chromium, and there is no such file",
    );
    vi.unstubAllEnvs();
  });
});

describe("untar", () => {
  /** One entry of a ustar archive. */
  function entry(name: string, text: string): Uint8Array {
    const bytes = new Uint8Array(512 + Math.ceil(text.length / 512) * 512);
    const put = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
    put(0, name);
    put(124, text.length.toString(8).padStart(11, "0"));
    put(156, "0");
    put(512, text);
    return bytes;
  }
  const archive = (...entries: Uint8Array[]) =>
    new Uint8Array(Buffer.concat([...entries, new Uint8Array(1024)]));

  test("writes every file, also in folders, and nothing outside its own folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "untar-"));
    const long = "x".repeat(700);
    untar(archive(entry("a.txt", "first"), entry("lib/b.txt", long), entry("lib/empty", "")), folder);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("first");
    expect(readFileSync(join(folder, "lib/b.txt"), "utf8")).toBe(long);
    expect(readFileSync(join(folder, "lib/empty"), "utf8")).toBe("");
    expect(() => untar(archive(entry("../out.txt", "no")), folder)).toThrow("lies outside of");
    rmSync(folder, { recursive: true });
  });
});

test("npm start serves the demo at the address it prints", async () => {
  const server = spawn(process.execPath, ["tools/start.mjs"], {
    cwd: root,
    env: { ...process.env, CI: "1" },
  });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let output = "";
      server.stdout.on("data", (chunk: Buffer) => {
        output += chunk;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the address may be coloured
        const found = /http:\/\/localhost:\d+\//.exec(output.replace(/\u001b\[\d+m/g, ""));
        if (found) resolve(found[0]);
      });
      server.on("exit", () => reject(new Error(`the server ended; it printed: ${output}`)));
    });
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('src="/@vite/client"');
    const script = await fetch(new URL("main.ts", address));
    expect(script.status).toBe(200);
  } finally {
    server.kill();
  }
});
