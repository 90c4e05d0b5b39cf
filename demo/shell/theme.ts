/**
 * Light or dark: the system's theme until the visitor chooses another. A choice that differs from the system's is stored;
 * a choice that agrees with it is removed, so that the page follows the system again. `data-theme` of the root element holds
 * the current theme (index.html sets it before the first paint).
 */
const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");

type Theme = "light" | "dark";

/** Sent to `document` after a change of the theme, for content that is drawn on a canvas. */
export const THEME_CHANGE = "themechange";

/** Binds the button that switches between light and dark. */
export function startTheme(button: HTMLButtonElement): void {
  const root = document.documentElement;
  const show = (theme: Theme) => {
    root.dataset["theme"] = theme;
    button.setAttribute("aria-pressed", String(theme === "dark"));
    document.dispatchEvent(new Event(THEME_CHANGE));
  };
  const systemTheme = (): Theme => (system.matches ? "dark" : "light");
  show(root.dataset["theme"] === "dark" ? "dark" : "light");
  button.addEventListener("click", () => {
    const theme = root.dataset["theme"] === "dark" ? "light" : "dark";
    show(theme);
    remember(theme === systemTheme() ? null : theme);
  });
  system.addEventListener("change", () => {
    if (remembered() === null) show(systemTheme());
  });
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage can be switched off
  }
}

function remember(theme: Theme | null): void {
  try {
    if (theme) localStorage.setItem(KEY, theme);
    else localStorage.removeItem(KEY);
  } catch {
    // the theme then stays until the page is closed
  }
}
