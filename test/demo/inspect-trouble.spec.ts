/** The Inspect view's messages about bad files and missing or lost devices. */
import { expect, test } from "playwright/test";
import { drop, example, fileOf, layer, rows, run, VIEW } from "./inspect-page.ts";
import { button, open } from "./page.ts";

test("says what is wrong with a file, and opens the next one", async ({ page }) => {
  const complaints = await open(page, VIEW);
  const alert = page.getByRole("alert");
  const contents = page.getByTestId("layers");
  for (const [name, buffer, message] of [
    ["text.safetensors", Buffer.from("epoch,loss\n1,0.5\n2,0.4\n"), "This is no safetensors file"],
    ["model.pt", Buffer.from("PK\u0003\u0004model/data.pkl and more"), "save_file(model.state_dict()"],
    ["cut.safetensors", example.subarray(0, 5000), "This file is cut off"],
    ["empty.safetensors", Buffer.alloc(0), "It has 0 bytes"],
  ] as const) {
    await drop(page, name, buffer);
    await expect(alert).toContainText(message);
    await expect(page.getByTestId("file-status")).toHaveText(`${name} was not opened.`);
    await expect(contents).toBeHidden();
  }

  await drop(page, "linear.safetensors", fileOf({ "fc.weight": [3, 5], "fc.bias": [3] }));
  await expect(page.getByTestId("run-about")).toContainText("No recurrent layer was found");
  expect(await rows(page, "layers")).toEqual([["fc", "Linear", "5 → 3", "18", "72 B"]]);
  await expect(button(page, "Run")).toBeHidden();
  await expect(alert).toBeHidden();

  const withNaN = fileOf(layer("lstm.", "_l0", 8, 1, 2), (data) => {
    data[0] = Number.NaN;
    data[1] = Number.NEGATIVE_INFINITY;
  });
  await drop(page, "nan.safetensors", withNaN);
  await expect(alert).toContainText("lstm.bias_hh_l0 holds 1 NaN and 1 infinite values, and 3 more tensors");
  await expect(page.getByTestId("tensors")).toContainText("8, 2 not finite");
  await expect(page.getByTestId("run-about")).toContainText("lstm is not run");
  await expect(button(page, "Run")).toBeDisabled();

  await button(page, "Open the example").click();
  await expect(page.getByTestId("file-status")).toHaveText("example.safetensors is open.");
  await expect(alert).toBeHidden();
  await expect(button(page, "Run")).toBeEnabled();
  expect(complaints).toEqual([]);
});

test("shows the tables without WebGPU, and says why nothing runs", async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  const complaints = await open(page, VIEW);
  await button(page, "Open the example").click();
  await expect(page.getByTestId("layers")).toContainText("lstm");
  await expect(page.getByRole("alert")).toContainText("This browser has no WebGPU");
  await button(page, "Run").click();
  await expect(page.getByRole("alert")).toContainText("This browser has no WebGPU");
  await expect(page.getByTestId("results")).toBeHidden();
  expect(complaints).toEqual([]);
});

test("lists the dispatches without times if there are no timestamps", async ({ page }) => {
  await page.addInitScript(() => {
    const has = GPUSupportedFeatures.prototype.has;
    GPUSupportedFeatures.prototype.has = function (name) {
      return name !== "timestamp-query" && has.call(this, name);
    };
  });
  const complaints = await open(page, VIEW);
  await button(page, "Open the example").click();
  await run(page);
  await expect(page.getByTestId("profile")).toContainText("This device has no timestamps");
  await expect(page.getByTestId("profile")).toContainText(/lstm_\w+_backward/);
  await expect(button(page, "Save as Chrome trace")).toBeHidden();
  expect(complaints).toEqual([]);
});

test("says that the device is lost, and keeps the tables", async ({ page }) => {
  await page.addInitScript(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      Object.assign(window, { loseDevice: () => device.destroy() });
      return device;
    };
  });
  await open(page, VIEW);
  await button(page, "Open the example").click();
  await run(page);
  await page.evaluate(() => (window as unknown as { loseDevice(): void }).loseDevice());
  await button(page, "Run").click();
  await expect(page.getByRole("alert")).toContainText("The GPU device was lost");
  await expect(page.getByTestId("layers")).toContainText("lstm");
});
