import { create } from "webgpu";
import { Device, NoAdapterError } from "webgpu-lstm";
import { openDevice } from "webgpu-lstm/node";
import { train } from "./train.js";

const first = await openDevice();
const losses = [await train(first)];

// As the README says: a GPU object of the app's own, which nothing else keeps while garbage is collected.
const second = await Device.request({ gpu: create([]) }).catch((error) => error);
if (second instanceof NoAdapterError) losses.push("none");
else {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  losses.push(await train(second));
}
console.log(losses.join(" "));
