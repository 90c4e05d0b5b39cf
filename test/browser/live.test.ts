/** The site's live examples: each prints what PyTorch prints, as a file and as the JavaScript that the site makes of an edited one. */
import { expect, test, vi } from "vitest";
import { MODULES, toJavaScript } from "../../site/live/javascript.ts";
import { showValue } from "../../site/live/show-value.ts";
import outputs from "../goldens/live.json";

const programs = import.meta.glob<object>(["../../examples/live/*.ts", "!../../examples/live/plot.ts"]);
const sources = import.meta.glob<string>("../../examples/live/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});
const nameOf = (path: string) => /(\w+)\.ts$/.exec(path)![1]!;

/** What a program prints, a line a call. */
async function printed(run: () => Promise<unknown>): Promise<string[]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await run();
    return log.mock.calls.map((values) => values.map(showValue).join(" "));
  } finally {
    log.mockRestore();
  }
}

test("every example has PyTorch's text and output, and a title", () => {
  expect(Object.keys(programs).map(nameOf).sort()).toEqual(Object.keys(outputs).sort());
  for (const [path, source] of Object.entries(sources))
    if (path in programs) expect(source, path).toMatch(/^\/\/ [A-Z].*\nimport /);
});

test.each(Object.entries(programs).map(([path, load]) => [nameOf(path), load] as const))(
  "%s prints what PyTorch prints",
  async (name, load) => {
    const expected = outputs[name as keyof typeof outputs];
    expect(expected.length).toBeGreaterThan(0);
    expect(await printed(load)).toEqual(expected);
  },
);

test("an edited program runs without its types", async () => {
  const source = sources["../../examples/live/gradients.ts"]!.replace("of(-1, 0, 2)", "of(-1, 0, 0.5)")
    .replace(
      "const { y, dx }",
      "type Both = { a: number };\nconst none = undefined as unknown as Both;\nconst { y, dx }",
    )
    .replace("`y ", ["`$", "{none!} y "].join(""));
  const lstm = await import("webgpu-lstm");
  Object.assign(globalThis, { [MODULES]: () => lstm });
  const address = URL.createObjectURL(new Blob([toJavaScript(source)], { type: "text/javascript" }));
  const lines = await printed(() => import(/* @vite-ignore */ address));
  // tanh²(1) + tanh²(½)
  expect(lines[0]).toBe("undefined y 0.7936");
});
