/**
 * `npm run docs`: the API's pages for the site, from the sources' TSDoc, into docs/api/. A warning of TypeDoc is an error, and so is a
 * name without a meaning or a signature with a part that says nothing.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, TSConfigReader, TypeDocReader } from "typedoc";
import { complaints } from "./api/complaints.ts";
import { apiPages } from "./api/pages.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = join(root, "docs/api");

const app = await Application.bootstrap({ options: root }, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (!project) throw new Error("TypeDoc could not read the sources");
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

const { pages, sidebars } = apiPages(project, "/api/");
const missing = [...pages].flatMap(([path, text]) => complaints(path, text));
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
}
rmSync(out, { recursive: true, force: true });
for (const [path, text] of pages) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), text);
}
writeFileSync(join(out, "sidebars.json"), JSON.stringify(sidebars));
console.log(`docs/api/: ${pages.size} pages`);
