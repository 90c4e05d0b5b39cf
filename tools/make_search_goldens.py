#!/usr/bin/env python3
"""Writes test/goldens/optuna/: what Optuna 5 makes of journals, histories and reports. Run from the repository root with a Python that has
optuna, numpy and scipy.

NumPy's default sort leaves open in which order equal numbers come out (it depends on the CPU); Optuna's estimators are asked with a stable one.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

OUT = pathlib.Path("test/goldens/optuna")


def write(name, value):
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def milliseconds(time):
    return None if time is None else math.floor(time.timestamp() * 1000 + 1e-6)


def study_json(study):
    trials = study.get_trials()
    return {
        "name": study.study_name,
        "directions": [direction.name.lower() for direction in study.directions],
        "user_attrs": study.user_attrs,
        "trials": [
            {
                "number": t.number,
                "id": t._trial_id,
                "state": t.state.name,
                "values": t.values,
                "params": t.params,
                "distributions": {k: optuna.distributions.distribution_to_json(d) for k, d in t.distributions.items()},
                "intermediate": sorted(t.intermediate_values.items()),
                "user_attrs": t.user_attrs,
                "system_attrs": t.system_attrs,
                "start": milliseconds(t.datetime_start),
                "complete": milliseconds(t.datetime_complete),
            }
            for t in trials
        ],
    }


def journal():
    """A journal with every operation, and the studies that Optuna sees in it."""
    path = OUT / "journal.log"
    path.unlink(missing_ok=True)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    sampler = optuna.samplers.RandomSampler(seed=0)
    gone = optuna.create_study(study_name="gone", storage=storage, sampler=sampler)
    gone.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    study = optuna.create_study(study_name="one", storage=storage, sampler=sampler, pruner=pruner)
    study.set_user_attr("data", {"name": "Zürich", "limits": [0, 1.5, math.inf, math.nan]})
    study.enqueue_trial({"x": 0.5, "c": None}, user_attrs={"from": "default"})

    def objective(t):
        x = t.suggest_float("x", 0.01, 1, log=t.number < 9)
        t.suggest_int("n", 1, 8, log=True)
        t.suggest_int("m", -6, 6, step=3)
        t.suggest_float("s", 0, 1, step=0.25)
        if t.suggest_categorical("c", [None, True, 3, 2.5, "ä"]) is not None:
            t.suggest_categorical("whole", [2.0, 4])
        for step in range(3):
            t.report(math.nan if step == 1 and t.number == 2 else x, step)
            if t.should_prune():
                raise optuna.TrialPruned
        if t.number == 3:
            raise ValueError("failed")
        t.set_user_attr("epochs", 3)
        return [x, math.inf, math.nan, 0.0, x][t.number % 5]

    study.optimize(objective, n_trials=8, catch=(ValueError,))
    study.ask()
    ranges = {"x": optuna.distributions.FloatDistribution(0.01, 1, log=True)}
    study.add_trial(
        optuna.create_trial(value=3.0, params={"x": 0.25}, distributions=ranges, intermediate_values={4: 1.0, 2: -math.inf})
    )
    optuna.delete_study(study_name="gone", storage=storage)
    several = optuna.create_study(study_name="several", directions=["minimize", "maximize"], storage=storage, sampler=sampler)
    several.optimize(lambda t: (t.suggest_float("x", 0, 1), 2.0), n_trials=2)
    several.add_trial(optuna.create_trial(values=[1.0, -2.0]))
    # A line of another implementation, and one that comes too late.
    with path.open("a") as file:
        file.write('{"op_code":10,"worker_id":"w","trial_ids":[1]}\n')
        file.write('{"op_code":7,"worker_id":"w","trial_id":1,"step":9,"intermediate_value":1.0}\n')
    again = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    names = optuna.get_all_study_names(again)
    write("journal.json", [study_json(optuna.load_study(study_name=name, storage=again)) for name in names])


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    journal()
