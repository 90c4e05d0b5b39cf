/** Opens the shipped model in its worker. */
import { connect } from "webgpu-lstm/worker";
import heldOut from "./held-out.txt?raw";
import { Mind } from "./mind.ts";
import address from "./model.safetensors?url";
import { type About, readModel } from "./saved.ts";
import type { ShippedStart } from "./shipped.worker.ts";

export interface Shipped {
  readonly mind: Mind;
  readonly about: About;
}

export async function openShipped(): Promise<Shipped> {
  const response = await fetch(address);
  if (!response.ok) throw new TypeError(`importing a module failed: ${response.status}`);
  const file = await response.arrayBuffer();
  const worker = new Worker(new URL("./shipped.worker.ts", import.meta.url), { type: "module" });
  const start: ShippedStart = { file, heldOut };
  return { mind: new Mind(await connect(worker, start)), about: readModel(file).about };
}
