import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { paperPage } from "../paper.ts";

const PAGE = new URL("../../docs/gpus.md", import.meta.url);

/** To make the tables anew: `npx vitest run --project node test/node/gpus-page.test.ts -u`. */
test("docs/gpus.md has the predictions of the planner as it is", async () => {
  await expect(await paperPage(readFileSync(PAGE, "utf8"))).toMatchFileSnapshot("../../docs/gpus.md");
});
