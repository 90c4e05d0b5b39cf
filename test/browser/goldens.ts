/** Golden files in the browser, fetched from the test server on demand. */
import { GoldenCase } from "../golden-case.ts";

const urls = import.meta.glob<string>("../goldens/*.safetensors", {
  query: "?url",
  import: "default",
  eager: true,
});

/** Names of the golden files of one op ("lstm", "linear", "loss", "adam"). */
export function goldenNames(op: string): string[] {
  const names = Object.keys(urls)
    .map((path) => path.slice(path.lastIndexOf("/") + 1, -".safetensors".length))
    .filter((name) => name.startsWith(`${op}_`));
  if (names.length === 0) throw new Error(`no goldens for ${op}; run python3 tools/make_goldens.py`);
  return names.sort();
}

export async function loadGolden(name: string): Promise<GoldenCase> {
  const url = urls[`../goldens/${name}.safetensors`];
  if (!url) throw new Error(`no golden file ${name}`);
  return new GoldenCase(await (await fetch(url)).arrayBuffer());
}
