/** The part of `inspectKeras` that loads on demand. */
import { DataError } from "../../errors.ts";
import { Budget } from "../budget.ts";
import type { FileInfo } from "../file-info.ts";
import { formatOf } from "../magic.ts";
import { viewOf } from "../refuse.ts";
import { layersIn } from "../tfjs/inspect.ts";
import { topologyOf } from "../tfjs/topology.ts";
import { listHdf5 } from "./hdf5.ts";
import { readKeras, refuserFor } from "./open.ts";

export async function inspectKerasFile(input: Uint8Array | ArrayBuffer): Promise<FileInfo> {
  const where = "inspectKeras";
  const bytes = viewOf(where, input);
  const format = formatOf(bytes);
  if (format !== "keras" && format !== "hdf5") {
    throw new DataError(
      `${where}: expected a .keras file or an HDF5 file, got one of the format ${format}; inspect reads other files`,
    );
  }
  const refuse = refuserFor(where, bytes);
  const budget = new Budget(bytes.length, refuse);
  const { topology, weights } = await readKeras(where, bytes, listHdf5, budget, refuse, { strict: false });
  const { layers } = topologyOf(topology, refuse);
  return {
    format,
    opensWith: "loadKeras",
    tensors: weights.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    ...layersIn(topology, layers, budget),
  };
}
