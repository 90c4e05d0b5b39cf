/** The Forecast view's settings in the page's address. */
import { expect, test } from "vitest";
import { linkOf, settingsOfLink } from "../../demo/forecast/link.ts";
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

test("a setting that cannot be is left out and named", () => {
  const link = new LinkSettings("hidden=1e9&window=4&lr=x&cell=TCN&epochs=5");
  expect(settingsOfLink(link, seattle!)).toEqual({ ...seattle!.presets[0].settings, epochs: 5 });
  for (const name of ["hidden", "window", "lr", "cell"]) expect(link.note).toContain(name);
});
