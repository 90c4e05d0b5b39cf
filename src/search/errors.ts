import { WebGpuLstmError } from "../errors.ts";

/** Thrown by an objective whose trial is not worth going on with: the trial ends as `PRUNED`. */
export class TrialPruned extends WebGpuLstmError {
  /** The class's name, also in code whose names are shortened. */
  override name = "TrialPruned";

  constructor(message = "the trial was pruned", options?: ErrorOptions) {
    super(message, options);
  }
}

/** A study or a trial is not what a call needs: the study's name is taken or unknown, the trial has ended or does not exist. */
export class StudyError extends WebGpuLstmError {
  override name = "StudyError";
}
