/** The Forecast view's settings in the page's address. */
import { expect, test } from "vitest";
import { carry } from "../../demo/forecast/carry.ts";
import { linkOf, settingsForLater, settingsOfLink } from "../../demo/forecast/link.ts";
import { LinkSettings, settingsText } from "../../demo/shell/address.ts";
import { loadSeries } from "../../tasks/series/index.ts";

const [seattle, co2] = await Promise.all((["seattle", "co2"] as const).map(loadSeries));

test("a fresh view has a bare address, and every setting comes back from a link", () => {
  const usual = seattle!.presets[0].settings;
  expect(settingsText(linkOf(seattle!, usual))).toBe("");
  expect(settingsOfLink(new LinkSettings(""), seattle!)).toEqual(usual);
  for (const settings of [
    seattle!.presets[1]!.settings,
    { ...usual, horizon: 3 },
    { ...usual, cell: "GRU", goal: "change", hiddenSize: 37, numLayers: 2, window: 30 },
    { ...usual, learningRate: 0.00123, batchSize: 0, epochs: 7 },
  ] as const) {
    const link = new LinkSettings(settingsText(linkOf(seattle!, settings)));
    expect(settingsOfLink(link, seattle!)).toEqual(settings);
    expect(link.note).toBe("");
  }
  expect(linkOf(co2!, co2!.presets[0].settings)).toEqual({ series: "co2" });
});

test("a series of the visitor's own is named, with its data where they are given", () => {
  const settings = { ...seattle!.presets[0].settings, hiddenSize: 8 };
  const own = { ...seattle!, id: "csv" } as const;
  expect(settingsText(linkOf(own, settings))).toBe("series=csv&hidden=8");
  expect(settingsText(linkOf({ ...own, id: "drawn" }, settings, "1abc"))).toBe(
    "series=drawn&hidden=8&data=1abc",
  );
  // The settings wait for the file; what is bad is only known then, and what is unknown at once.
  const link = new LinkSettings("series=csv&hidden=8&window=4&colour=red");
  expect(link.choice("series", ["csv"])).toBe("csv");
  const later = settingsForLater(link);
  expect(link.note).toContain("colour=red");
  expect(link.note).not.toContain("hidden");
  expect(later(own)).toEqual(settings);
});

test("a setting that cannot be is left out and named", () => {
  const link = new LinkSettings("hidden=1e9&window=4&lr=x&cell=TCN&epochs=5");
  expect(settingsOfLink(link, seattle!)).toEqual({ ...seattle!.presets[0].settings, epochs: 5 });
  for (const name of ["hidden", "window", "lr", "cell"]) expect(link.note).toContain(name);
});

test("chosen settings go on with another series as far as they fit", () => {
  const usual = seattle!.presets[0].settings;
  const short = { ...co2!, id: "csv", windows: [5, 12], horizons: [1, 2] } as const;
  const preset = { ...short.presets[0].settings };
  expect(carry(seattle!, usual, short)).toEqual({ settings: preset, note: "" });
  expect(carry(seattle!, { ...usual, cell: "GRU", epochs: 7, window: 12 }, short)).toEqual({
    settings: { ...preset, cell: "GRU", epochs: 7, window: 12 },
    note: "Your settings stay: window 12 months, cell GRU, epochs 7.",
  });
  expect(carry(seattle!, { ...usual, window: 60, horizon: 3, batchSize: 0 }, short)).toEqual({
    settings: { ...preset, batchSize: 0 },
    note:
      "Your settings stay: batch size all at once. The window of 60 days does not fit here; it is 24 months now. " +
      "The horizon of 3 days does not fit here; it is 1 month now.",
  });
});
