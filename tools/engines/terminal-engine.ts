/** Node and Deno: one process for a file, so that a hung or crashed one takes no other with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { bundleFolder } from "./bundle.ts";
import { type OpenEngine, SILENCE_MS } from "./engine.ts";

/**
 * @param args What comes before the bundle's own arguments.
 * @param last The bundle's arguments after the file's name.
 */
export function terminalEngine(
  version: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ...last: readonly string[]
): OpenEngine {
  return {
    version,
    run(file, hear) {
      const child = spawn(program, [...args, `${bundleFolder}terminal.js`, file, ...last], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      return listen(child, hear);
    },
    async close() {},
  };
}

function listen(child: ChildProcess, hear: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
    let ended = false;
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => {
        timer.refresh();
        ended = hear(line) || ended;
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (ended && code === 0) resolve();
      else reject(new Error(`the process ended by ${signal ?? `exit code ${code}`}`));
    });
  });
}
