/**
 * Tiles of gemm_lanes4. The file loads on demand and imports types alone: a value that it shared with other files would be a chunk of its own.
 */
import type { Work } from "../choice.ts";

/** A product as far as gemm_lanes4's constants and tiles depend on it. */
export interface Lanes4Shape {
  readonly rows: number;
  readonly columns: number;
  /** Of a slice. */
  readonly depth: number;
  readonly slices: number;
  readonly accumulate: boolean;
}

/** Values of a tile row that a dot product takes at once, over the four lanes. */
const DEPTH_UNIT = 16;

/** Maximum tile depth, in units of 16; a deeper product adds up parts in C. */
const MOST_DEPTHS = 4;

/** Rows of a workgroup, which loads a tile of B once for all of them. Fewer where too few workgroups would be left. */
const MOST_ROWS = 256;
const FEWEST_ROWS = 32;

/** Workgroups for each one that the adapter runs at once, so that all cores end at about the same time. */
const ROUNDS = 4;

/** Cost-model weights, in equivalent loads: a value of A, an element of C with its sum over the lanes, reading it, a value of the tile. */
const A_LOADS = 2;
const C_LOADS = 1;
const READ_LOADS = 2;
const TILE_LOADS = 2.5;

/** The values of gemm_lanes4's constants for a product, the part of C that a workgroup has, and what it asks of the adapter. */
export function lanes4Tiling(shape: Lanes4Shape, workgroups: number) {
  const { rows, columns, depth, slices, accumulate } = shape;
  // Few different values: each is one more kernel to compile, which is most of a first step. So what may have to read C always does.
  const depths = depth <= DEPTH_UNIT ? 1 : depth <= 2 * DEPTH_UNIT ? 2 : MOST_DEPTHS;
  const quads = columns <= 16 ? 4 : 8;
  const tileDepth = DEPTH_UNIT * depths;
  const tileColumns = 4 * quads;
  const readsC = accumulate || depths === MOST_DEPTHS;
  const constants = {
    DEPTHS: depths,
    QUADS: quads,
    COLUMNS: tileColumns,
    TILE: tileColumns * depths,
    OWN_QUADS: quads / 4,
    READS_C: Number(readsC),
  };

  const strips = Math.ceil(columns / tileColumns) * slices;
  const groupsOf = (tileRows: number) => strips * Math.ceil(rows / tileRows);
  let tileRows = MOST_ROWS;
  while (tileRows > FEWEST_ROWS && groupsOf(tileRows) < ROUNDS * workgroups) tileRows /= 2;

  const groups = groupsOf(tileRows);
  const tilesDeep = Math.max(1, Math.ceil(depth / tileDepth));
  const rowParts = strips * rows * tilesDeep;
  const row = A_LOADS * tileDepth + (C_LOADS + (readsC ? READ_LOADS : 0)) * tileColumns;
  const work: Work = {
    groups,
    flops: 2 * rowParts * tileDepth * tileColumns,
    loads: rowParts * row + groups * tilesDeep * tileDepth * tileColumns * TILE_LOADS,
  };
  return { constants, tile: [tileRows, tileColumns] as const, work };
}
