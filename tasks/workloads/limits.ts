import type { Workload } from "./workload.ts";

/** Why a peer cannot run a workload; `null` if it can. */
function limitOf(peer: string, { task, kind, recompute }: Workload): string | null {
  if (recompute) return "a way of this library to save memory";
  const trains = task === "train" || task === "gradients";
  if (peer.startsWith("onnxruntime") && trains) return "does not train";
  if (peer === "pytorch" || kind === "lstm") return null;
  return peer.startsWith("tfjs")
    ? "tf.layers has no GRU with PyTorch's reset gate; only LSTMs are compared"
    : "only LSTMs are compared";
}

/** Throws an Error if a peer cannot run a workload. */
export function checkLimit(peer: string, workload: Workload): void {
  const limit = limitOf(peer, workload);
  if (limit !== null) throw new Error(limit);
}
