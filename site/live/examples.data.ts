/** The live examples, the shortest first, as the site shows them: read when the site is built. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMarkdownRenderer } from "vitepress";
import { CODE_THEMES } from "./code-themes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "examples/live");

export interface Example {
  readonly name: string;
  /** From the program's first line. */
  readonly title: string;
  /** The program, without its first line. */
  readonly source: string;
  readonly html: string;
  readonly pythonHtml: string;
  /** What PyTorch prints. */
  readonly expected: readonly string[];
}

declare const data: readonly Example[];

export { data };

export default {
  watch: ["../../examples/live/*", "../../test/goldens/live.json"],
  async load(): Promise<readonly Example[]> {
    const markdown = await createMarkdownRenderer(root, { theme: CODE_THEMES });
    const outputs = JSON.parse(readFileSync(join(root, "test/goldens/live.json"), "utf8")) as Record<
      string,
      string[]
    >;
    const fence = (language: string, code: string) => markdown.render(`\`\`\`${language}\n${code}\`\`\`\n`);
    const examples = readdirSync(folder)
      .filter((file) => file.endsWith(".ts") && file !== "plot.ts")
      .map((file) => {
        const name = basename(file, ".ts");
        const [first, ...rest] = readFileSync(join(folder, file), "utf8").split("\n");
        const source = rest.join("\n");
        const python = readFileSync(join(folder, `${name}.py`), "utf8");
        return {
          name,
          title: first!.replace(/^\/\/ /, ""),
          source,
          html: fence("ts", source),
          pythonHtml: fence("python", python),
          expected: outputs[name] ?? [],
        };
      });
    const lines = ({ source }: Example) => source.split("\n").length;
    return examples.sort((a, b) => lines(a) - lines(b) || a.name.localeCompare(b.name));
  },
};
