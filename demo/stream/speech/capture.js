/** Hands the sound of one channel to the page, some blocks at a time. */
const BLOCKS = 8;

registerProcessor(
  "capture",
  class extends AudioWorkletProcessor {
    #kept = [];

    process([[channel]]) {
      if (channel) this.#kept.push(...channel);
      if (channel && this.#kept.length >= BLOCKS * channel.length) {
        const samples = Float32Array.from(this.#kept);
        this.#kept = [];
        this.port.postMessage(samples, [samples.buffer]);
      }
      return true;
    }
  },
);
