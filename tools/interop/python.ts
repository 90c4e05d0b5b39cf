/** A Python with the other sides: the one of `INTEROP_PYTHON`, or an environment that is made once. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";

/** Packages of PyPI; without PyTorch, which has an index of its own for builds without a GPU. */
const packages = [
  "numpy==2.*",
  "safetensors==0.*",
  "optuna==5.*",
  "optuna-dashboard==0.*",
  "plotly==6.*",
  "redis==8.*",
  "onnx==1.*",
  "onnxruntime==1.*",
];
const torch = "torch==2.*";
const cpuIndex = "https://download.pytorch.org/whl/cpu";

/**
 * The interpreter's path. The first call without `INTEROP_PYTHON` downloads some 100 MB; with PyTorch 300 MB, or some GB where only PyPI is
 * reached.
 */
export function findPython(withTorch: boolean): string {
  const given = process.env.INTEROP_PYTHON;
  if (given) return given;
  const folder = join(cacheFolder(), withTorch ? "interop" : "interop-without-torch");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "installed.txt");
  const wanted = [...(withTorch ? [torch] : []), ...packages].join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  console.log(`making a Python environment in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.platform === "win32" ? "python" : "python3", ["-m", "venv", folder], {
    stdio: "inherit",
  });
  const pip = (...args: string[]) =>
    spawnSync(python, ["-m", "pip", "install", "--quiet", ...args], { stdio: "inherit" }).status === 0;
  const installTorch = () => pip(torch, "--index-url", cpuIndex, "--retries", "0") || pip(torch);
  const done = pip(...packages) && (!withTorch || installTorch());
  if (!done)
    throw new Error(
      `test:interop: pip could not install ${wanted}; set INTEROP_PYTHON to a Python that has them`,
    );
  writeFileSync(stamp, wanted);
  return python;
}
