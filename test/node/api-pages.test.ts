import { expect, test } from "vitest";
import { complaints } from "../../tools/api/complaints.ts";

const PAGE = `---
title: Thing
---

# Thing

\`\`\`ts
new Thing(size: number)
\`\`\`

A thing.

## ThingOptions {#options}

| name | type | meaning |
| --- | --- | --- |
| \`size\` | \`number\` | How large it is. |

## grow {#grow}

\`\`\`ts
grow(by: number): Thing
\`\`\`

Makes it larger.

\`\`\`ts
grow({ by: 1 }); // as in Python:
\`\`\`
`;

test("a page on which all is said gives no complaint", () => {
  expect(complaints("Thing.md", PAGE)).toEqual([]);
});

test.each([
  ["A thing.", "", "Thing.md: no summary"],
  ["Makes it larger.", "", "Thing.md: no summary of grow"],
  ["How large it is.", "", "Thing.md: no meaning of `size`"],
  ["by: number", "by: ", 'Thing.md: ": " in grow(by: ): Thing'],
  ["by: number", "_: number", 'Thing.md: "_: " in grow(_: number): Thing'],
  [
    "by: number",
    "__namedParameters: By",
    'Thing.md: "__namedParameters" in grow(__namedParameters: By): Thing',
  ],
  ["by: number", "this: Thing", 'Thing.md: "this: " in grow(this: Thing): Thing'],
  [
    "`number`",
    "`{ [K in string \\| number \\| symbol]: By }`",
    'Thing.md: "in string \\| number \\| symbol" in { [K in string \\| number \\| symbol]: By }',
  ],
])("without %j, or with %j in its place, it gives one", (said, instead, complaint) => {
  expect(complaints("Thing.md", PAGE.replace(said, instead))).toEqual([complaint]);
});
