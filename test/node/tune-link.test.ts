/** The Tune view's choices in an address, and the lines that load what it has saved. */
import { expect, test } from "vitest";
import * as library from "webgpu-lstm";
import { LinkSettings, settingsText } from "../../demo/shell/address.ts";
import { choicesOfLink, linkOf, usualChoices } from "../../demo/tune/link.ts";
import { snippetsOf } from "../../demo/tune/snippets.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import { ForecastModel } from "../../tasks/series/model.ts";

test("usual choices have no settings in the address, others survive the round trip", async () => {
  for (const id of ["seattle", "co2", "sine"] as const) {
    const series = await loadSeries(id);
    const usual = usualChoices(series);
    expect(choicesOfLink(new LinkSettings(""), series)).toEqual(usual);
    const text = settingsText(linkOf(series, usual));
    expect(text).toBe(id === "seattle" ? "" : `series=${id}`);
  }
  const series = await loadSeries("seattle");
  const preset = series.presets[1]!.name;
  const usual = usualChoices(series, preset);
  const choices = {
    preset,
    trials: 80,
    epochs: 5,
    space: {
      cells: ["LSTM", "GRU", "RNN"] as const,
      ranges: {
        ...usual.space.ranges,
        hiddenSize: [4, 128] as const,
        learningRate: [0.0003, 0.1] as const,
      },
    },
  };
  const text = settingsText(linkOf(series, choices));
  expect(text).toContain("cells=LSTM-GRU-RNN&hidden=4-128&lr=0.0003-0.1");
  const link = new LinkSettings(text);
  link.choice("series", ["seattle"]);
  expect(choicesOfLink(link, series)).toEqual(choices);
  expect(link.note).toBe("");
});

test("bad choices are left out, and named", async () => {
  const series = await loadSeries("seattle");
  const link = new LinkSettings(
    "trials=7&epochs=5&hidden=64-8&lr=0.001-0.03-1&cells=GRU&window=a&batch=&preset=x",
  );
  expect(choicesOfLink(link, series)).toEqual({ ...usualChoices(series), epochs: 5 });
  for (const name of [
    "trials=7",
    "hidden=64-8",
    "lr=0.001-0.03-1",
    "cells=GRU",
    "window=a",
    "batch=",
    "preset=x",
  ])
    expect(link.note).toContain(name);
  expect(link.note).not.toContain("epochs");
});

test("the lines for this library load the file", async () => {
  const series = await loadSeries("seattle");
  const settings = { ...series.presets[1]!.settings, cell: "GRU", hiddenSize: 5, numLayers: 2 } as const;
  const model = new ForecastModel(3, settings);
  const weights = await model.stateDict();
  const { javascript, python } = snippetsOf("best.safetensors", 3, settings);
  const fetched: string[] = [];
  const fetch = async (name: string) => {
    fetched.push(name);
    return new Response(library.saveSafetensors(weights));
  };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const load = AsyncFunction("fetch", "nn", "loadSafetensors", `${javascript}\nreturn model;`);
  const loaded: ForecastModel = await load(fetch, library.nn, library.loadSafetensors);
  expect(fetched).toEqual(["best.safetensors"]);
  expect(await loaded.stateDict()).toEqual(weights);
  expect(python).toContain("torch.nn.GRU(3, 5, num_layers=2, batch_first=True)");
});
