/** WebGPU's constants by their standard values: a browser has them as globals, Node has not. */

export const BUFFER_USAGE = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

export const MAP_READ = 1;

export const COMPUTE_STAGE = 4;
