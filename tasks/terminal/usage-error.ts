/** A mistake on the command line; its message is all that needs to be printed. */
export class UsageError extends Error {}
