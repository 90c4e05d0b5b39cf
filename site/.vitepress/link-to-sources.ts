import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { MarkdownRenderer } from "vitepress";

/** Links from guides to files that are not pages, such as `../examples/stream.ts`, lead to the repository. */
export function linkToSources(root: string): (markdown: MarkdownRenderer) => void {
  const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    repository: { url: string };
  };
  const address = repository.url.replace(/^git\+|\.git$/g, "");
  return (markdown) => {
    markdown.core.ruler.push("link-to-sources", ({ tokens, env }) => {
      // The file's own place: `path` is that of its address.
      const { realPath: path } = env as { realPath?: string };
      if (!path) return;
      for (const { attrGet, attrSet, type } of tokens.flatMap((token) => token.children ?? []).map(bound)) {
        const href = type === "link_open" ? attrGet("href") : null;
        // A link with a target leads out of the pages, to the demo.
        if (!href || attrGet("target") || /^([a-z]+:|#|\/)/.test(href)) continue;
        const file = relative(root, resolve(dirname(path), href.replace(/#.*$/, "")));
        if (/^(docs|site)\/.*\.md$|^(docs|site)\/[^.]*$/.test(file)) continue;
        attrSet("href", `${address}/blob/main/${file}`);
      }
    });
  };
}

type Token = Parameters<Parameters<MarkdownRenderer["core"]["ruler"]["push"]>[1]>[0]["tokens"][number];

function bound(token: Token) {
  return { type: token.type, attrGet: token.attrGet.bind(token), attrSet: token.attrSet.bind(token) };
}
