/** The lines that load a model of this view from its file. */
import type { About } from "../model/saved.ts";

/** @param characters The size of the vocabulary */
export function snippetsOf(
  name: string,
  characters: number,
  { cell, embeddingSize, hiddenSize, numLayers }: About,
) {
  const [V, E, H] = [characters, embeddingSize, hiddenSize];
  const python = `import json, torch, safetensors.torch
cell = torch.nn.${cell}(${E}, ${H}, num_layers=${numLayers}, batch_first=True)
model = torch.nn.ModuleDict({"embedding": torch.nn.Embedding(${V}, ${E}), "cell": cell, "fc": torch.nn.Linear(${H}, ${V})})
model.load_state_dict(safetensors.torch.load_file("${name}"))
tokens = json.loads(safetensors.safe_open("${name}", "pt").metadata()["vocabulary"])["tokens"]`;
  const javascript = `class Model extends nn.Module {
  embedding = new nn.Embedding(${V}, ${E}); cell = new nn.${cell}(${E}, ${H}, { numLayers: ${numLayers}, batchFirst: true }); fc = new nn.Linear(${H}, ${V});
  forward(x) { return this.fc.forward(this.cell.forward(this.embedding.forward(x)).output); }
}
const model = new Model(), file = loadSafetensors(new Uint8Array(await (await fetch("${name}")).arrayBuffer()));
model.loadStateDict(file.tensors); const { tokens } = JSON.parse(file.metadata.vocabulary);`;
  return { python, javascript };
}
