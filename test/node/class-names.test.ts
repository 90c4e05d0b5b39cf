/** Names of classes in messages, in a page whose bundler has shortened them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transformSync } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import type * as library from "webgpu-lstm";
import type { pruners } from "webgpu-lstm/search";
import { withNames } from "../../tools/class-names.ts";

type Bundled = typeof library & { readonly search: { readonly pruners: typeof pruners } };

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** The entries, from modules as they are published, as a production build of an app has them. */
async function bundled(): Promise<Bundled> {
  const entries = `export * from "./index.ts"; export * as formats from "./formats/index.ts"; export * as search from "./search/index.ts";`;
  const { outputFiles } = await build({
    stdin: { contents: `${entries} export * as worker from "./worker/index.ts";`, resolveDir: src },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "node",
    external: ["jsfive"],
    plugins: [
      {
        name: "published",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /\?raw$/ }, ({ path }) => ({ path, namespace: "shader" }));
          onLoad({ filter: /./, namespace: "shader" }, () => ({ contents: "", loader: "text" }));
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const { code } = transformSync(readFileSync(path, "utf8"), { loader: "ts", target: "es2022" });
            return { contents: withNames(path.slice(src.length).replace(/ts$/, "js"), code), loader: "js" };
          });
        },
      },
    ],
  });
  const text = Buffer.from(outputFiles[0]!.contents).toString("base64");
  return import(`data:text/javascript;base64,${text}`) as Promise<Bundled>;
}

/** All classes of a namespace and of those in it, by the names that they are exported under. */
function classesOf(namespace: object): [string, { readonly name: string; readonly prototype?: unknown }][] {
  return Object.entries(namespace).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "function") return /^class\b/.test(String(value)) ? [[name, value]] : [];
    const isNamespace = typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
    return isNamespace ? classesOf(value as object) : [];
  });
}

describe("in a minified build", () => {
  let app: Bundled;
  beforeAll(async () => {
    app = await bundled();
  });

  test("every class that is exported has its name, and others are shortened", () => {
    const classes = classesOf(app).filter(([, { prototype }]) => !(prototype instanceof Error));
    expect(classes.length).toBeGreaterThan(100);
    expect(classes.filter(([name, Type]) => Type.name !== name)).toEqual([]);
    // So the bundler does shorten names.
    expect(app.OptionError.name).not.toBe("OptionError");
  });

  test("messages name the library's classes", () => {
    const { nn, optim, data, search } = app;
    const linear = new nn.Linear(3, 2);
    const messages: [() => unknown, string][] = [
      [() => Reflect.construct(nn.ReLU, [1]), "ReLU: unknown argument 1"],
      [() => new nn.LeakyReLU(Number.NaN), "LeakyReLU: negativeSlope must be"],
      [() => linear.loadStateDict({}), "does not fit this Linear"],
      [() => Reflect.set(new nn.LSTM(1, 2), "weight_ih_l0", 1), "LSTM: weight_ih_l0 cannot be replaced"],
      [() => new nn.Sequential().at(0), "Sequential.at: index"],
      [() => Reflect.construct(nn.Sequential, [optim.SGD]), "got function SGD"],
      [() => new nn.Embedding(3, 2).forward(linear as never), "got a Linear"],
      [() => new nn.ModuleList().registerForwardHook(() => {}), "a ModuleList has no forward()"],
      [() => data.MinMaxScaler.fit([1, 2]).transform([[1, 2]]), "MinMaxScaler.transform: "],
      [() => new search.pruners.Median(7 as never), "pruners.Median: "],
    ];
    for (const [call, text] of messages) expect(call).toThrow(text);
  });
});
