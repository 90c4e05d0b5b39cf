/** A series that a finger, a mouse or the arrow keys bend. */
import { type Ref, ref } from "vue";

/** What turns a picture of a series, `across` steps wide and with values of `range`, into one that can be bent. */
export function bendable(
  series: Ref<Float32Array<ArrayBuffer>>,
  across: number,
  range: readonly [number, number],
  bent: () => void,
) {
  const touched = ref(false);
  /** Where the arrow keys bend. */
  const key = series.value.length - 8;
  let dragging = false;

  /** Bends the series towards a point, and its neighbours with it. */
  function bend(at: number, value: number) {
    const next = Float32Array.from(series.value);
    const by = Math.max(-1.2, Math.min(1.2, value)) - next[at]!;
    for (let i = 0; i < next.length; i++) next[i]! += by * Math.exp(-(((i - at) / 3) ** 2));
    series.value = next;
    touched.value = true;
    bent();
  }

  function drag(event: PointerEvent) {
    const svg = event.currentTarget as SVGElement;
    if (event.type === "pointerdown") {
      dragging = true;
      svg.setPointerCapture(event.pointerId);
    }
    if (event.type === "pointerup" || event.type === "pointercancel") dragging = false;
    if (!dragging) return;
    const { left, top, width, height } = svg.getBoundingClientRect();
    const at = Math.round(((event.clientX - left) / width) * across);
    const value = range[1] - ((event.clientY - top) / height) * (range[1] - range[0]);
    if (at >= 0 && at < series.value.length) bend(at, value);
  }

  function nudge(event: KeyboardEvent) {
    const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    bend(key, series.value[key]! + by);
  }

  return { touched, key, drag, nudge };
}
