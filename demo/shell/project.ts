/** Where the project lives: from package.json, by the build (vite.config.ts). */
declare const PROJECT: {
  readonly version: string;
  readonly repository: string;
  readonly issues: string;
};

export const project = PROJECT;
