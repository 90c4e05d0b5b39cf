/** Kernels load on demand, in a worker too: so it must be a module. */
export default { base: "./", worker: { format: "es" } };
