#!/usr/bin/env python3
"""The half of `npm run test:interop` that runs Python's Optuna: `COMMAND JOURNAL …`, with JSON on the last line of its output."""

import json
import math
import sys
import warnings

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock, JournalRedisBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)


def storage_of(path, lock="symlink"):
    """The journal of a file, or of a Redis and a prefix: `redis://host:port#prefix`."""
    if path.startswith("redis://"):
        url, prefix = path.split("#")
        return JournalStorage(JournalRedisBackend(url, use_cluster=lock == "cluster", prefix=prefix))
    lock_obj = {"symlink": JournalFileSymlinkLock, "open": JournalFileOpenLock}[lock](path)
    return JournalStorage(JournalFileBackend(path, lock_obj=lock_obj))


def objective(trial):
    """The one of tools/interop/search.ts."""
    x = trial.suggest_float("x", -2, 3)
    lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    n = trial.suggest_int("n", 8, 64, log=True)
    share = trial.suggest_float("share", 0, 1, step=0.25)
    kind = trial.suggest_categorical("kind", ["a", None, True, 2.5])
    value = (x - 1) * (x - 1) + abs(lr - 0.01) + n / 64 + share + (0.5 if kind is None else 0)
    trial.set_user_attr("by", "Python")
    trial.report(math.nan, 0)
    trial.report(value, 1)
    if trial.should_prune():
        raise optuna.TrialPruned
    return value


def summary(study):
    return {
        "name": study.study_name,
        "directions": [direction.name.lower() for direction in study.directions],
        "userAttrs": study.user_attrs,
        "trials": [
            {
                "number": t.number,
                "state": t.state.name,
                "values": t.values,
                "params": t.params,
                "steps": [step for step in t.intermediate_values],
                "userAttrs": t.user_attrs,
                "systemAttrs": t.system_attrs,
            }
            for t in study.trials
        ],
    }


def show(path, name, lock="symlink"):
    return summary(optuna.load_study(study_name=name, storage=storage_of(path, lock)))


def create(path, name):
    """A study with trials of every state."""
    sampler = optuna.samplers.TPESampler(seed=1)
    study = optuna.create_study(study_name=name, storage=storage_of(path), sampler=sampler)
    study.set_user_attr("from", {"language": "Python", "limits": [0, math.inf]})
    study.optimize(objective, n_trials=12)
    study.enqueue_trial({"x": 1.5, "kind": None})
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    study.ask()
    study.enqueue_trial({"x": 0.5, "n": 9})
    return summary(study)


def go_on(path, name, count, lock="symlink"):
    study = optuna.load_study(study_name=name, storage=storage_of(path, lock), sampler=optuna.samplers.TPESampler(seed=2))
    study.optimize(objective, n_trials=int(count))
    return summary(study)


def suggest(path, name):
    """What a seed suggests after the study's history, and what Optuna says of its parameters."""
    study = optuna.load_study(study_name=name, storage=storage_of(path), sampler=optuna.samplers.TPESampler(seed=3))
    trial = study.ask()
    trial.suggest_float("x", -2, 3)
    trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    trial.suggest_int("n", 8, 64, log=True)
    trial.suggest_float("share", 0, 1, step=0.25)
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    importances = optuna.importance.get_param_importances(study, evaluator=evaluator, params=["x", "lr", "n"])
    return {"params": trial.params, "best": study.best_trial.number, "importances": importances}


def plots(path, name):
    """What Optuna's plots show: the points of each of their lines, by plot and line."""
    study = optuna.load_study(study_name=name, storage=storage_of(path))
    figures = {
        "history": optuna.visualization.plot_optimization_history(study),
        "intermediate": optuna.visualization.plot_intermediate_values(study),
        "parallel": optuna.visualization.plot_parallel_coordinate(study, params=["x", "lr"]),
        "slice": optuna.visualization.plot_slice(study, params=["x"]),
    }
    return {plot: json.loads(figure.to_json(engine="json"))["data"] for plot, figure in figures.items()}


def dashboard(path, port):
    """Serves optuna-dashboard until it is killed."""
    import optuna_dashboard

    optuna_dashboard.run_server(storage_of(path), host="127.0.0.1", port=int(port))


COMMANDS = [show, create, go_on, suggest, plots, dashboard]

if __name__ == "__main__":
    command, *args = sys.argv[1:]
    print(json.dumps(next(function for function in COMMANDS if function.__name__ == command)(*args)))
