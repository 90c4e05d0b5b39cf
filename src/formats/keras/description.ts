/** What an archive of Keras 3 says of its model, beside the weights. */
import type { Refuse } from "../refuse.ts";
import { entry, type LayerFile } from "../tfjs/layer-file.ts";
import { modelFileOf } from "../tfjs/model-file.ts";
import { topologyOf } from "../tfjs/topology.ts";
import { readZip, storedBytes } from "../zip.ts";

export interface Description {
  readonly topology: Readonly<Record<string, unknown>>;
  readonly layers: readonly LayerFile[];
}

/** Opens an archive: the bytes of an entry by its name. */
export function archiveOf(bytes: Uint8Array, refuse: Refuse): (name: string) => Uint8Array {
  const files = readZip(bytes, refuse);
  return (name) => {
    const file = files.get(name);
    if (!file) throw refuse(`it has no ${name}; it is damaged, or no model that Keras 3 saved`);
    return storedBytes(file, refuse);
  };
}

/** Reads config.json and metadata.json. */
export function descriptionOf(config: Uint8Array, metadata: Uint8Array, refuse: Refuse): Description {
  const { root } = modelFileOf(config, refuse);
  const version = entry(modelFileOf(metadata, refuse).root, "keras_version");
  const topology = { keras_version: version, model_config: root };
  return { topology, layers: topologyOf(topology, refuse).layers };
}
