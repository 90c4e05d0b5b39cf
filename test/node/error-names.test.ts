/** Names of errors in a page whose bundler has shortened every class name. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

type ErrorClass = new (message: string, fields: object) => Error;

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** The files with classes of errors that a page may catch. */
const files = (readdirSync(src, { recursive: true }) as string[]).filter(
  (file) =>
    /\.ts$/.test(file) && /^export class \w+ extends \w*Error\b/m.test(readFileSync(src + file, "utf8")),
);

test("errors keep their names when their classes lose theirs", async () => {
  expect(files).toContain("errors.ts");
  const contents = files.map((file) => `export * from "./${file}";`).join("\n");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: src },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const bundled = (await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString("base64")}`
  )) as Readonly<Record<string, ErrorClass>>;
  const classes = Object.entries(bundled).filter(([, value]) => value.prototype instanceof Error);
  const named = classes.flatMap(([name, Type]) => {
    const error = new Type("message", {});
    expect(Type.name, "the bundler has shortened the class's name").not.toBe(name);
    // Of the language's own errors, which never leave the library.
    return error instanceof bundled["WebGpuLstmError"]! ? [[name, error.name, String(error)]] : [];
  });
  expect(named.length).toBeGreaterThan(18);
  expect(named).toEqual(named.map(([name]) => [name, name, `${name}: message`]));
});
