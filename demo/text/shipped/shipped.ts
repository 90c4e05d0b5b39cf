/** Opens the shipped model in its worker. */
import { connect } from "webgpu-lstm/worker";
import { Mind } from "../model/mind.ts";
import { readModel } from "../model/saved.ts";
import type { Taken } from "../take-away/away.ts";
import heldOut from "./held-out.txt?raw";
import address from "./model.safetensors?url";
import type { ShippedStart } from "./shipped.worker.ts";

export async function openShipped(): Promise<Taken> {
  const response = await fetch(address).catch(() => undefined);
  // In the words that the shell's notice knows: a part of the page did not load.
  if (!response?.ok) throw new TypeError(`importing a module failed: ${response?.status ?? "offline"}`);
  const file = await response.arrayBuffer();
  const worker = new Worker(new URL("./shipped.worker.ts", import.meta.url), { type: "module" });
  const start: ShippedStart = { file, heldOut };
  return { mind: new Mind(await connect(worker, start)), about: readModel(file).about };
}
