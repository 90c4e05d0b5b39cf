/** The demo's addresses: settings survive a round trip, and bad ones are named. */
import { describe, expect, test } from "vitest";
import {
  formatAddress,
  LinkSettings,
  parseAddress,
  settingsText,
  unusual,
} from "../../demo/shell/address.ts";

test("a view and its settings survive the way through an address", () => {
  const settings = {
    series: "co2",
    hidden: 32,
    lr: 0.003,
    shuffle: true,
    text: "a&b=c?d #é",
    none: undefined,
  };
  const hash = formatAddress("forecast", settingsText(settings));
  expect(hash).toMatch(/^#forecast\?series=co2&hidden=32&lr=0.003&shuffle=true&text=/);
  const address = parseAddress(hash);
  expect(address.view).toBe("forecast");
  const link = new LinkSettings(address.settings);
  expect(link.choice("series", ["seattle", "co2"])).toBe("co2");
  expect(link.choice("hidden", [8, 16, 32])).toBe(32);
  expect(link.number("lr", 0, 1)).toBe(0.003);
  expect(link.choice("shuffle", [true, false])).toBe(true);
  expect(link.read("text", (text) => text)).toBe(settings.text);
  expect(link.note).toBe("");
});

test.each([
  ["", "", ""],
  ["#", "", ""],
  ["#inspect", "inspect", ""],
  ["#inspect?", "inspect", ""],
  ["#tune?a=b?c", "tune", "a=b?c"],
])("%j is a view and settings", (hash, view, settings) => {
  expect(parseAddress(hash)).toEqual({ view, settings });
});

test("a view without settings has a bare address", () => {
  expect(formatAddress("tune", settingsText({ series: undefined }))).toBe("#tune");
});

test("what is usual is left out", () => {
  const usual = { cell: "GRU", hidden: 64, prompt: "", record: undefined };
  expect(unusual(usual, usual)).toEqual({});
  const changed = { cell: "GRU", hidden: 0, prompt: "Call me ", record: 20 };
  expect(settingsText(unusual(changed, usual))).toBe("hidden=0&prompt=Call+me+&record=20");
});

describe("what an address has in vain", () => {
  test("is left out and named", () => {
    const link = new LinkSettings("hidden=7&lr=fast&lr2=&series=co2&colour=red&trials=1e9");
    expect(link.choice("hidden", [8, 16])).toBeUndefined();
    expect(link.number("lr", 0, 1)).toBeUndefined();
    expect(link.number("lr2", 0, 1)).toBeUndefined();
    expect(link.number("trials", 1, 100)).toBeUndefined();
    expect(link.number("epochs", 1, 100)).toBeUndefined();
    expect(link.choice("series", ["co2"])).toBe("co2");
    expect(link.note).toBe(
      "This page has no such setting, so it was left out: hidden=7, lr=fast, lr2=, colour=red, trials=1e9.",
    );
  });

  test("is clipped where it is long", () => {
    const link = new LinkSettings(`${"x".repeat(50)}=${"y".repeat(50)}`);
    expect(link.note).toContain(`: ${"x".repeat(23)}…=${"y".repeat(23)}….`);
  });
});
