/** Names of classes in a minified build: a bundler shortens them, but not what a class says of itself. Errors do so in their source. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The modules whose classes users make or hold, so that messages name them. */
const NAMED =
  /^(nn(?!\/recurrent)|optim|data|train|stream|search|formats|worker)\/|^(device|random|graph\/(tensor|parameter)|run\/(result|step))\.js$/;

/**
 * A module of the library with the names of its classes spelled out. Layers of opened files are classes that no module exports.
 * @param name The module's path in `dist/`
 */
export function withNames(name: string, code: string): string {
  if (!NAMED.test(name)) return code;
  return spelledOut(code, `${name.startsWith("formats/") ? "(?:export )?" : "export "}class (\\w+)\\b`);
}

/** A module of an app with the names of its models spelled out. */
function withModels(code: string): string {
  return spelledOut(code, "(?:export )?class (\\w+)\\b(?= extends (?:nn\\.)?Module\\b)");
}

/** @param head What a class begins with, at the begin of a line; the first group is its name */
function spelledOut(code: string, head: string): string {
  const heads = new RegExp(`^${head}(?! extends \\w*Error)[^{]*\\{`, "gm");
  return code.replace(heads, (all, own: string) => `${all} static name = "${own}";`);
}

/** Spells out the classes of the library's sources and the models of an app beside them, as the package's own build does. */
export function classNames(): Plugin {
  return {
    name: "class-names",
    apply: "build",
    // After TypeScript's types are gone.
    enforce: "post",
    transform(code, id) {
      const [path = ""] = relative(root, id).replaceAll("\\", "/").split("?");
      if (!path.endsWith(".ts") || path.startsWith("../") || path.includes("node_modules/")) return null;
      const named = path.startsWith("src/")
        ? withNames(path.slice("src/".length).replace(/ts$/, "js"), code)
        : withModels(code);
      return named === code ? null : { code: named, map: null };
    },
  };
}
