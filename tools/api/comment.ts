/** Comments as Markdown that VitePress takes: what it would read as HTML or as a template is escaped here, and nowhere else. */
import type { Comment, CommentDisplayPart, Reflection } from "typedoc";

/** The address of a thing, as written on the page at hand; null without one. */
export type Address = (reflection: Reflection) => string | null;

/** A text with its links. */
export function partsText(parts: readonly CommentDisplayPart[] | undefined, address: Address): string {
  return (parts ?? [])
    .map((part) => {
      if (part.kind === "code") return part.text;
      if (part.kind === "text") return shortLinks(escaped(part.text));
      if (part.kind === "inline-tag") return link(part.text, part.target, address);
      return escaped(part.text);
    })
    .join("")
    .trim();
}

/** The text before a comment's first tag. */
export function summary(comment: Comment | undefined, address: Address): string {
  return partsText(comment?.summary, address);
}

/** The texts of all tags of a name. */
export function tagTexts(comment: Comment | undefined, tag: `@${string}`, address: Address): string[] {
  return (comment?.getTags(tag) ?? []).map(({ content }) => partsText(content, address));
}

/** The first sentence, in one line; of a long one what is before its colon. */
export function firstSentence(text: string): string {
  const line = inLine(text);
  const sentence = /^.*?\.(?= |$)/.exec(line)?.[0] ?? line;
  return sentence.length > 200 ? sentence.replace(/: .*/, ".") : sentence;
}

/** For a table's cell. */
export function inCell(text: string): string {
  return inLine(text.replace(/\n- /g, "<br>– ").replace(/\n\n/g, "<br>")).replace(/\|/g, "\\|");
}

function inLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}

function link(text: string, target: unknown, address: Address): string {
  if (typeof target === "string") return `[${escaped(text)}](${target})`;
  const found = target ? address(target as Reflection) : null;
  return found ? `[\`${text}\`](${found})` : `\`${text}\``;
}

function escaped(text: string): string {
  return text.replace(/</g, "&lt;").replace(/\{\{/g, "{&#123;");
}

/** `(https://docs.pytorch.org/…)` in a sentence becomes a link of one word. */
function shortLinks(text: string): string {
  return text.replace(/(?<=^|[\s(])(?<!\]\()https?:\/\/[^\s)]+[^\s).,]/g, (url) => {
    const { hostname } = new URL(url);
    return `[${hostname === "docs.pytorch.org" ? "PyTorch" : hostname.replace(/^www\./, "")}](${url})`;
  });
}
