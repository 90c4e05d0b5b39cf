/** What saveTorch can write, once each; tools/interop/other_side.py has the same and compares. */
export function interopSample() {
  return {
    state: new Map([
      [
        "lstm.weight",
        { data: Float32Array.of(1.5, -2, 0.1, Number.NaN, Number.POSITIVE_INFINITY, -0), shape: [2, 3] },
      ],
      ["fc.bias", { data: Float32Array.of(7), shape: [1] }],
    ]),
    types: {
      f64: { data: Float64Array.of(1 / 3, 1e300), shape: [2] },
      i64: { data: BigInt64Array.of(2n ** 53n + 1n, -(2n ** 62n)), shape: [2, 1] },
      i32: { data: Int32Array.of(-(2 ** 31)), shape: [1] },
      i16: { data: Int16Array.of(-300, 300), shape: [2] },
      i8: { data: Int8Array.of(-128), shape: [1, 1, 1] },
      u8: { data: Uint8Array.of(0, 255), shape: [2] },
      u64: { data: BigUint64Array.of(2n ** 63n), shape: [1] },
      u32: { data: Uint32Array.of(2 ** 31, 7), shape: [2] },
      u16: { data: Uint16Array.of(65535, 0, 1), shape: [3, 1] },
      scalar: { data: Float32Array.of(0.5), shape: [] },
      empty: { data: new Float32Array(0), shape: [0, 3] },
    },
    numbers: [0, 255, 256, 65535, 65536, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2n ** 100n), 0.1, 1e300],
    special: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
    pair: Object.freeze([1, "b"]),
    text: "Größe 😀\n",
    indices: { 0: "zero", 10: "ten", "01": "text" },
    nothing: [null, true, false, [], {}],
  };
}
