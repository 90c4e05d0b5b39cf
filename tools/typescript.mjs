/**
 * Lets a program of Node, and the processes that it forks, import this repository's TypeScript and its `?raw` texts:
 * `node --import ./tools/typescript.mjs PROGRAM.ts`. It is for programs that fork; tools/run.mjs is for all others.
 */
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
