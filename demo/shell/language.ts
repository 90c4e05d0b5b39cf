/**
 * Names English where `Intl` refuses the browser's own language: under LANG=C Chromium calls it "en-US@posix", and uPlot, which the
 * charts need, asks `Intl` for it while it loads.
 */
export function repairLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
  }
}
