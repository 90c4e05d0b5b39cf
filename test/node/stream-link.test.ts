/** The Stream view's choices in an address, and the lines that load its model. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as library from "webgpu-lstm";
import { LinkSettings, settingsText } from "../../demo/shell/address.ts";
import { CALIBRATIONS, choicesOfLink, linkOf, RATES, STREAMS } from "../../demo/stream/link.ts";
import { NextValue, Predictions } from "../../demo/stream/model/model.ts";
import { savedModel } from "../../demo/stream/saved.ts";
import { normalSensors } from "../../demo/stream/signals/sensor.ts";

test("usual choices have no settings in the address, others survive the round trip, bad ones are named", () => {
  const usual = choicesOfLink(new LinkSettings(""));
  expect(settingsText(linkOf(usual))).toBe("");
  const choices = { signal: "motion", rate: 60, streams: 64, calibration: 5, factor: 9 } as const;
  const link = new LinkSettings(settingsText(linkOf(choices)));
  expect(choicesOfLink(link)).toEqual(choices);
  expect(link.note).toBe("");
  const bad = new LinkSettings("signal=radio&rate=31&threshold=2&streams=16");
  expect(choicesOfLink(bad)).toEqual({ ...usual, streams: 16 });
  for (const name of ["signal=radio", "rate=31", "threshold=2"]) expect(bad.note).toContain(name);
});

test("a link can choose what the form offers, and nothing else", () => {
  const html = readFileSync(new URL("../../demo/stream/stream.html", import.meta.url), "utf8");
  for (const [name, choices] of [
    ["rate", RATES],
    ["streams", STREAMS],
    ["calibration", CALIBRATIONS],
  ] as const) {
    const select = new RegExp(`<select id="stream-${name}".*?</select>`, "s").exec(html)![0];
    const offered = [...select.matchAll(/<option[^>]*>(\d+)/g)].map(([, value]) => Number(value));
    expect(offered).toEqual(choices);
  }
});

test("the saved model is loaded by the lines beside it", async () => {
  library.manualSeed(3);
  const model = new NextValue();
  const weights = await new Predictions(model).stateDict();
  const normal = { center: 0, sigma: 1, farthest: 3, farthestSum: 5, count: 9 };
  const { name, data, javascript, python } = savedModel({ weights, normal, recordings: normalSensors() });
  const fetch = async (wanted: string) => {
    expect(wanted).toBe(name);
    return new Response(data);
  };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const load = AsyncFunction("fetch", "nn", "loadSafetensors", `${javascript}\nreturn model;`);
  const loaded: NextValue = await load(fetch, library.nn, library.loadSafetensors);
  expect(await loaded.stateDict()).toEqual(await model.stateDict());
  expect(python).toContain("torch.nn.GRU(1, 24, batch_first=True)");
});
