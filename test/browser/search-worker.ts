/** Runs trials of a study in a journal of the page's origin. */
import { createStudy, openJournal, samplers } from "webgpu-lstm/search";

const { name, trials } = JSON.parse(self.name) as { name: string; trials: number };
const storage = await openJournal({ name });
const study = await createStudy({ name: "a", storage, sampler: new samplers.TPE(), loadIfExists: true });
await study.optimize(
  async (trial) => {
    trial.setUserAttr("worker", self.name);
    const x = trial.suggestFloat("x", -2, 2);
    trial.report(x, 1);
    await trial.shouldPrune();
    return x * x;
  },
  { trials },
);
storage.close();
postMessage("done");
