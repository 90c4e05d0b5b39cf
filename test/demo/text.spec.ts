/** The Text view as a person uses it, on the software adapter: the tests read the page. */
import { expect, test } from "playwright/test";
import { busyTime, button, expectAccessible, expectFits, WIDTHS, watchMainThread } from "./page.ts";
import { chapters, number, openText, place, samples, shown } from "./text-page.ts";

for (const [width, viewport] of WIDTHS) {
  test.describe(width, () => {
    test.use({ viewport });

    test("learns Moby-Dick: below the unigram, and writes as it learns, with the prompt and temperature of the moment", async ({
      page,
    }) => {
      const complaints = await openText(page);
      await chapters(page, 1, 2);
      await expectAccessible(page);
      await expectFits(page);
      await button(page, "Start").click();
      await expect.poll(number(page, "text-steps"), { timeout: 30_000 }).toBeGreaterThan(2);
      await watchMainThread(page);
      await expect(shown(page, "time-left")).toContainText("left", { timeout: 20_000 });
      await expect.poll(() => samples(page), { timeout: 30_000 }).toHaveLength(1);
      const first = (await samples(page))[0]!;
      expect(first.about).toBe("Step 50 · temperature 0.5");
      expect(first.text).toMatch(/^The whale .{100}/s);
      const bits = await number(page, "text-held-out-bits")();

      await page.getByLabel("Prompt").fill("Captain ");
      await page.getByLabel("Temperature").fill("0");
      const written = async () => (await samples(page)).filter(({ text }) => text.startsWith("Captain "));
      await expect.poll(written, { timeout: 30_000 }).not.toHaveLength(0);
      expect((await written())[0]!.about).toContain("temperature 0.0");

      await expect(shown(page, "status")).toContainText("Done, 200 steps.", { timeout: 60_000 });
      const { longest, framesPerSecond } = await busyTime(page);
      console.log(`${width}: longest task ${longest} ms, ${framesPerSecond.toFixed(0)} frames a second`);
      expect(longest).toBeLessThan(50);
      await expect(shown(page, "text-verdict")).toHaveText(
        /After 200 steps: \d\.\d\d bits below the unigram/,
      );
      expect(await number(page, "text-held-out-bits")()).toBeLessThan(bits);
      expect(await number(page, "text-speed")()).toBeGreaterThan(0);
      await expect(shown(page, "text-facts")).toContainText("different ones");
      expect((await samples(page)).length).toBe(4);

      // A longer text on request; an empty prompt begins a paragraph.
      await page.getByLabel("Prompt").fill("");
      await page.getByLabel("Temperature").fill("1");
      await button(page, "Write").click();
      await expect.poll(() => samples(page), { timeout: 30_000 }).toHaveLength(5);
      const [asked] = await samples(page);
      expect(asked!.about).toBe("Step 200, asked for · temperature 1.0");
      expect([...asked!.text].length).toBe(400);
      await expectAccessible(page);
      await expectFits(page);
      expect(complaints).toEqual([]);
    });

    test("learns a pasted text in any script, and refuses one that is too short", async ({ page }) => {
      const complaints = await openText(page, {
        "Hidden size": 1,
        "Sequence length": 2,
        "Batch size": 4,
        "Training steps": 0,
      });
      await page.getByLabel("Your own").check();
      const text = page.getByLabel("Your text");
      const notice = page.getByRole("alert");
      await button(page, "Start").click();
      await expect(notice).toContainText("The text is too short");
      await expect(notice).toContainText("at least 2,000 characters to learn from. It has 0.");
      await text.fill("κύμα 🐋 ".repeat(300));
      await expect(shown(page, "text-pasted-note")).toHaveText("2,100 characters.");
      await button(page, "Start").click();
      await expect(notice).toContainText(
        "64 tracks of 32 characters need a text of at least 2,278 characters",
      );
      await expectAccessible(page);
      await expectFits(page);

      await place(page, { "Batch size": 0, "Sequence length": 1 });
      await button(page, "Start").click();
      await expect(notice).toBeHidden();
      await expect(shown(page, "status")).toContainText("Done, 100 steps.", { timeout: 60_000 });
      await expect(shown(page, "text-verdict")).toContainText("below the unigram");
      await expect(shown(page, "text-facts")).toContainText(
        "1,890 characters to train on, 210 held out, 6 different",
      );
      // It knows only these two words, and its text is not used as markup.
      await page.getByLabel("Prompt").fill("<b>κύμα</b> ");
      await page.getByLabel("Temperature").fill("0");
      await button(page, "Write").click();
      await expect.poll(() => samples(page), { timeout: 30_000 }).toHaveLength(3);
      expect((await samples(page))[0]!.text).toMatch(/^<b>κύμα<\/b> .*κύμα 🐋 κύμα 🐋/s);
      expect(complaints).toEqual([]);
    });
  });
}

test("refuses invalid chapters", async ({ page }) => {
  const complaints = await openText(page);
  for (const [from, to] of [
    [3, 2],
    [0, 2],
    [1, 136],
  ] as const) {
    await chapters(page, from, to);
    await button(page, "Start").click();
    await expect(page.getByRole("alert")).toContainText("Moby-Dick has chapters 1 to 135");
  }
  expect(complaints).toEqual([]);
});

test("says that there is no WebGPU", async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  await page.goto("/#text");
  await expect(page.getByRole("alert")).toContainText("This browser has no WebGPU");
  await expect(button(page, "Start")).toBeDisabled();
});
