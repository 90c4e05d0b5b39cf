/** A character model as a file: its weights by PyTorch's names, with vocabulary and settings in the metadata. */
import { data, loadSafetensors, type NDArray, saveSafetensors } from "webgpu-lstm";
import type { CellKind } from "../../../tasks/series/cells.ts";

/** What a file says about its model. */
export interface About {
  readonly cell: CellKind;
  readonly embeddingSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** What it has read: "Moby-Dick, chapters 1 to 10". */
  readonly text: string;
  /** Training steps. */
  readonly steps: number;
  /** Bits per character of the held-out text, if they were measured. */
  readonly heldOutBits?: number | undefined;
  /** The same of the best baseline. */
  readonly baselineBits?: number | undefined;
}

/** What a file holds. */
export interface FileContent {
  readonly about: About;
  readonly vocabulary: data.Vocabulary;
  readonly weights: ReadonlyMap<string, NDArray>;
}

/** Writes a safetensors file that PyTorch, Inspect and {@link readModel} open. */
export function packModel({ about, vocabulary, weights }: FileContent): Uint8Array<ArrayBuffer> {
  return saveSafetensors(weights, {
    format: "pt",
    settings: JSON.stringify(about),
    vocabulary: JSON.stringify(vocabulary.toJSON()),
  });
}

export function readModel(file: ArrayBuffer | Uint8Array): FileContent {
  const { tensors, metadata } = loadSafetensors(file);
  return {
    about: JSON.parse(metadata["settings"]!) as About,
    vocabulary: data.Vocabulary.fromJSON(JSON.parse(metadata["vocabulary"]!) as data.VocabularyJSON),
    weights: tensors,
  };
}
