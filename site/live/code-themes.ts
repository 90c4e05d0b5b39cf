/** Shiki's themes for code, light and dark, with enough contrast for small text. */
export const CODE_THEMES = {
  light: "github-light-high-contrast",
  dark: "github-dark-high-contrast",
} as const;
