/** Runs the file of browser tests that the page's address names. */
import { runFile } from "./run-file.ts";

await runFile(new URLSearchParams(location.search).get("file")!);
