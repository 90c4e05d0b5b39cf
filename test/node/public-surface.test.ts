import { expect, test } from "vitest";
import { publicSurface } from "./public-surface.ts";

const HEADER = `What webgpu-lstm exports, as the emitted declarations have it, and the members of the classes that an app works with.
A name that is here is a promise to users; one that is missing from here has been taken from them. Where a change is meant,
rewrite this file: npx vitest run --project node test/node/public-surface.test.ts --update
`;

test("the package exports what the list says, and nothing else", async () => {
  const lines = publicSurface({
    "webgpu-lstm": "index.d.ts",
    "webgpu-lstm/worker": "worker/index.d.ts",
    "webgpu-lstm/node": "node/index.d.ts",
    "webgpu-lstm/formats": "formats/index.d.ts",
    "webgpu-lstm/search": "search/index.d.ts",
    "webgpu-lstm/search/node": "search/node/index.d.ts",
  });
  expect(lines.length).toBeGreaterThan(200);
  await expect(`${HEADER}\n${lines.join("\n")}\n`).toMatchFileSnapshot("public-surface.txt");
}, 120_000);
