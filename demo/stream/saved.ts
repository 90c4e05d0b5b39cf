/** The learned model as a file, and the lines that load it. */
import { saveSafetensors } from "webgpu-lstm";
import type { SavedModel } from "../shell/save-model.ts";
import { lessonOf } from "./model/lesson.ts";
import { HIDDEN } from "./model/model.ts";
import type { Learned } from "./session.ts";

export function savedModel({ weights, recordings, normal }: Learned): SavedModel {
  const name = "next-value.safetensors";
  // The worker trains the model as a part of another.
  const own = new Map([...weights].map(([key, values]) => [key.replace(/^model\./, ""), values]));
  const { scale } = lessonOf(recordings);
  const config = JSON.stringify({ scale, normal });
  return { name, data: saveSafetensors(own, { format: "pt", config }), ...snippetsOf(name, scale) };
}

function snippetsOf(name: string, { mean, std }: { readonly mean: number; readonly std: number }) {
  const scaled = `(x - ${Number(mean.toPrecision(7))}) / ${Number(std.toPrecision(7))}`.replace("- -", "+ ");
  const python = `import torch, safetensors.torch
gru, fc = torch.nn.GRU(1, ${HIDDEN}, batch_first=True), torch.nn.Linear(${HIDDEN}, 1)
model = torch.nn.ModuleDict({"gru": gru, "fc": fc})
model.load_state_dict(safetensors.torch.load_file("${name}"))
predict = lambda x: fc(gru(x)[0])  # x [N, T, 1], scaled: ${scaled}`;
  const javascript = `class Model extends nn.Module {
  gru = new nn.GRU(1, ${HIDDEN}, { batchFirst: true }); fc = new nn.Linear(${HIDDEN}, 1);
  forward(x) { return this.fc.forward(this.gru.forward(x).output); } // scaled: ${scaled}
}
const model = new Model(), file = await (await fetch("${name}")).arrayBuffer();
model.loadStateDict(loadSafetensors(new Uint8Array(file)).tensors);`;
  return { python, javascript };
}
