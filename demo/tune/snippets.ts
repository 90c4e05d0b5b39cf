/** The lines that load a model of this view from its file. */
import type { Settings } from "../../tasks/series/settings.ts";

/** @param inputs The features of a time step */
export function snippetsOf(name: string, inputs: number, settings: Settings) {
  const { cell, hiddenSize: hidden, numLayers: layers, horizon } = settings;
  const python = `import torch, safetensors.torch
rnn = torch.nn.${cell}(${inputs}, ${hidden}, num_layers=${layers}, batch_first=True)
model = torch.nn.ModuleDict({"rnn": rnn, "fc": torch.nn.Linear(${hidden}, ${horizon})})
model.load_state_dict(safetensors.torch.load_file("${name}"))
forecast = lambda x: model["fc"](model["rnn"](x)[0][:, -1])`;
  const javascript = `class Model extends nn.Module {
  rnn = new nn.${cell}(${inputs}, ${hidden}, { numLayers: ${layers}, batchFirst: true }); fc = new nn.Linear(${hidden}, ${horizon});
  forward(x) { return this.fc.forward(this.rnn.forward(x).output.select(1, -1)); }
}
const model = new Model(), file = await (await fetch("${name}")).arrayBuffer();
model.loadStateDict(loadSafetensors(new Uint8Array(file)).tensors);`;
  return { python, javascript };
}
