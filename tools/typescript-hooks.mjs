/** The hooks of tools/typescript.mjs: names of the package by tsconfig.json, TypeScript by esbuild. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const root = new URL("../", import.meta.url);
const { compilerOptions } = JSON.parse(readFileSync(new URL("tsconfig.json", root), "utf8"));

export async function resolve(specifier, context, next) {
  const entry = compilerOptions.paths[specifier]?.[0];
  if (entry) return { url: new URL(entry, root).href, shortCircuit: true };
  if (specifier.endsWith("?raw"))
    return { url: new URL(specifier, context.parentURL).href, shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  const isRaw = url.endsWith("?raw");
  if (!isRaw && !url.endsWith(".ts")) return next(url, context);
  const text = readFileSync(fileURLToPath(url), "utf8");
  if (isRaw)
    return { format: "module", source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
  const { code } = await transform(text, {
    loader: "ts",
    format: "esm",
    target: "es2022",
    sourcemap: "inline",
    sourcefile: fileURLToPath(url),
  });
  return { format: "module", source: code, shortCircuit: true };
}
