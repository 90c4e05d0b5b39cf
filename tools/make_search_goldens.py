#!/usr/bin/env python3
"""Writes test/goldens/optuna/: what Optuna 5 makes of journals, histories and reports. Run from the repository root with a Python that has
optuna, numpy, scipy and torch.

NumPy's default sort leaves open in which order equal numbers come out (it depends on the CPU); Optuna's estimators are asked with a stable one.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import optuna
import scipy.stats

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
    path = OUT / "journal.jsonl"
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


def stable(function):
    """A call of Optuna's estimators with a stable sort."""
    import optuna.samplers._tpe.parzen_estimator as module

    original = np.argsort
    module.np.argsort = lambda a, **options: original(a, **{**options, "kind": "stable"})
    try:
        return function()
    finally:
        module.np.argsort = original


def trial_json(trial):
    return {
        "state": trial.state.name,
        "values": trial.values,
        "params": trial.params,
        "intermediate": sorted(trial.intermediate_values.items()),
        "system_attrs": trial.system_attrs,
    }


def history(seed, directions, count, conditional):
    """Trials of floats, integers and choices, some of them pruned, failed, NaN or running."""
    random = np.random.RandomState(seed)
    study = optuna.create_study(
        directions=directions, sampler=optuna.samplers.RandomSampler(seed=seed), pruner=optuna.pruners.NopPruner()
    )
    several = len(directions) > 1

    def objective(t):
        lr = t.suggest_float("lr", 1e-5, 1e-1, log=True)
        dropout = t.suggest_float("dropout", 0.0, 0.6, step=0.1)
        momentum = t.suggest_float("momentum", -1.0, 2.0)
        hidden = t.suggest_int("hidden", 8, 128, log=True)
        layers = t.suggest_int("layers", 1, 4)
        batch = t.suggest_int("batch", 16, 112, step=32)
        kind = t.suggest_categorical("kind", ["lstm", "gru", "rnn"])
        extra = 0.0
        if conditional and kind == "lstm":
            extra = t.suggest_float("forget", 0, 1)
        if conditional and layers > 2:
            extra += t.suggest_int("between", 0, 9)
        loss = (math.log10(lr) + 2.5) ** 2 + dropout + momentum**2 + (hidden - 60) ** 2 / 1000 + layers + batch / 100 + extra
        if not several:
            for step in range(1, 1 + random.randint(4)):
                t.report(math.nan if random.rand() < 0.2 else loss / step, step)
        draw = random.rand()
        if draw < 0.15:
            raise optuna.TrialPruned
        if draw < 0.22:
            raise ValueError
        if draw < 0.27:
            return math.nan
        if draw < 0.32 and not several:
            return math.inf
        return [loss, hidden / lr, momentum][: len(directions)]

    study.optimize(objective, n_trials=count, catch=(ValueError,))
    sampler = study.sampler
    for _ in range(2):
        running = study.ask()
        running.suggest_float("lr", 1e-5, 1e-1, log=True)
        relative = {"lr": 0.003, "momentum": 0.5, "dropout": 0.3, "hidden": 32, "layers": 2, "batch": 48, "kind": "gru"}
        study._storage.set_trial_system_attr(running._trial_id, "tpe:relative_params:0", json.dumps(relative))
    study.sampler = sampler
    return study


def estimator_json(estimator, samples):
    mixture = estimator._mixture_distribution
    kernels = []
    for distribution in mixture.distributions:
        if hasattr(distribution, "mu"):
            kernels.append({"means": distribution.mu.tolist(), "widths": distribution.sigma.tolist()})
        else:
            kernels.append({"rows": distribution.weights.tolist()})
    return {"weights": mixture.weights.tolist(), "kernels": kernels, "density": estimator.log_pdf(samples).tolist()}


def grid(space, points):
    """Points of a space: the ends of each range, and some between."""
    random = np.random.RandomState(7)
    columns = {}
    for name, distribution in space.items():
        if isinstance(distribution, optuna.distributions.CategoricalDistribution):
            columns[name] = random.randint(len(distribution.choices), size=points).astype(float)
            continue
        transform = optuna._transform._SearchSpaceTransform({name: distribution})
        low, high = transform.bounds[0]
        column = [transform.untransform(np.array([low + (high - low) * i / (points - 1)]))[name] for i in range(points)]
        random.shuffle(column)
        columns[name] = np.array(column, dtype=float)
    return columns


def parzen():
    """The estimators of recorded histories: weights, means, widths, and the logarithm of the density on a grid."""
    cases = []
    for seed, directions, count, conditional, options in [
        (1, ["minimize"], 20, False, {}),
        (2, ["maximize"], 20, True, {}),
        (3, ["minimize"], 20, True, {"multivariate": False}),
        (4, ["minimize"], 20, True, {"group": True}),
        (5, ["minimize"], 20, False, {"constant_liar": False}),
        (6, ["minimize"], 40, False, {}),
        (7, ["minimize", "maximize"], 24, False, {}),
        (8, ["maximize", "minimize", "minimize"], 24, True, {"multivariate": True}),
        (9, ["minimize"], 3, False, {}),
    ]:
        study = history(seed, directions, count, conditional)
        sampler = optuna.samplers.TPESampler(seed=seed, **options)
        study.sampler = sampler
        trial = study.ask()
        frozen = study._storage.get_trial(trial._trial_id)
        joint = sampler.infer_relative_search_space(study, frozen)
        trials = study.get_trials()
        spaces = [{name: distribution} for t in trials[:6] for name, distribution in t.distributions.items()]
        if sampler._group:
            spaces += [{k: v for k, v in sorted(space.items())} for space in sampler._search_space_group.search_spaces]
        elif joint:
            spaces.append(joint)
        unique = {tuple(sorted(space)): space for space in spaces}
        estimators = []
        for space in unique.values():
            recorded = []
            build = sampler._build_parzen_estimator
            sampler._build_parzen_estimator = lambda *a, **k: recorded.append(build(*a, **k)) or recorded[-1]
            stable(lambda: sampler._sample(study, frozen, space))
            sampler._build_parzen_estimator = build
            samples = grid(space, 9)
            estimators.append(
                {
                    "space": list(space),
                    "samples": {name: column.tolist() for name, column in samples.items()},
                    "below": estimator_json(recorded[0], samples),
                    "above": estimator_json(recorded[1], samples),
                }
            )
        cases.append(
            {
                "seed": seed,
                "directions": directions,
                "options": options,
                "relative": list(joint),
                "ranges": {
                    name: optuna.distributions.distribution_to_json(distribution)
                    for t in trials
                    for name, distribution in t.distributions.items()
                },
                "trials": [trial_json(t) for t in trials if t.number != frozen.number],
                "estimators": estimators,
            }
        )
    write("parzen.json", cases)


def run(sampler, pruner, seed, count, directions, choices):
    """A run of an objective that is computed the same way here and there, without logarithms or powers."""
    study = optuna.create_study(study_name=f"run {seed}", directions=directions, sampler=sampler, pruner=pruner)

    def objective(t):
        x = t.suggest_float("x", -2, 3)
        scale = t.suggest_float("scale", 0.01, 10, log=True)
        n = t.suggest_int("n", 1, 9)
        width = t.suggest_int("width", 4, 64, log=True)
        share = t.suggest_float("share", 0, 1, step=0.125)
        kind = t.suggest_categorical("kind", ["a", "b", "c"]) if choices else "abc"[t.suggest_int("kind", 0, 2)]
        loss = (x - 1) * (x - 1) + abs(scale - 2) + abs(n - 4) / 4 + abs(width - 20) / 32 + share
        if kind == "b":
            loss += t.suggest_float("only", 0, 1)
        if kind == "c":
            loss += 0.5
        if t.number % 11 == 7:
            raise ValueError
        if len(directions) > 1:
            return loss, x + share
        for step in range(1, 7):
            t.report(loss + 3 / step, step)
            if t.should_prune():
                raise optuna.TrialPruned
        return loss

    stable(lambda: study.optimize(objective, n_trials=count, catch=(ValueError,)))
    return [
        {
            "state": t.state.name,
            "values": t.values,
            "params": t.params,
            "steps": len(t.intermediate_values),
        }
        for t in study.trials
    ]


def runs():
    """Whole runs with a seed: samplers draw NumPy's numbers, so the same parameters come out here.

    Two choices of a categorical parameter that is sampled by itself are often equally good; then the last bit of a sum decides, which differs
    between NumPy and JavaScript. So an integer takes its place there.
    """
    samplers = optuna.samplers
    cases = []
    for name, options, count, directions, choices in [
        ("Random", {}, 12, ["minimize"], True),
        ("TPE", {}, 45, ["minimize"], True),
        ("TPE", {"multivariate": False}, 40, ["minimize"], False),
        ("TPE", {"group": True, "n_startup_trials": 5, "n_ei_candidates": 10}, 35, ["maximize"], True),
        ("TPE", {"constant_liar": False}, 25, ["minimize"], True),
        ("TPE", {}, 35, ["minimize", "maximize"], False),
    ]:
        sampler = {"Random": samplers.RandomSampler, "TPE": samplers.TPESampler}[name]
        for seed in (0, 12345):
            trials = run(sampler(seed=seed, **options), optuna.pruners.MedianPruner(), seed, count, directions, choices)
            cases.append(
                {"sampler": name, "options": options, "seed": seed, "directions": directions, "choices": choices, "trials": trials}
            )
    write("runs.json", cases)


def grids():
    """The order in which a grid is searched, and when it ends."""
    space = {"b": [1, 2.5, 4], "a": ["x", None, True], "c": [0.1, 0.2]}
    cases = []
    for seed in (None, 5):
        study = optuna.create_study(sampler=optuna.samplers.GridSampler(space, seed=seed))
        study.enqueue_trial({"a": "x", "b": 2.5, "c": 0.2})

        def objective(t):
            c = t.suggest_float("c", 0, 1)
            t.suggest_categorical("a", ["x", None, True])
            return c * t.suggest_float("b", 0, 5)

        study.optimize(objective, n_trials=40)
        cases.append({"seed": seed, "space": space, "params": [t.params for t in study.trials]})
    write("grids.json", cases)


def sobol():
    """A study that takes Sobol's points, and the first points of SciPy's sequence."""
    study = optuna.create_study(sampler=optuna.samplers.QMCSampler(seed=1), pruner=optuna.pruners.NopPruner())

    def objective(t):
        x = t.suggest_float("x", -2, 3)
        t.suggest_float("lr", 1e-5, 0.1, log=True)
        t.suggest_float("share", 0, 1, step=0.1)
        t.suggest_int("n", 1, 9)
        t.suggest_int("width", 4, 64, log=True)
        t.suggest_categorical("kind", ["a", "it's", None, 2.5, True])
        t.suggest_categorical("one", ["ä\n"])
        return x

    study.optimize(objective, n_trials=20)
    points = scipy.stats.qmc.Sobol(64, scramble=False).random(32)
    write(
        "sobol.json",
        {
            "params": [t.params for t in study.trials],
            "attrs": study._storage.get_study_system_attrs(study._study_id),
            "sums": points.sum(axis=1).tolist(),
            "last": points[-1].tolist(),
        },
    )


def gp():
    """Gaussian processes at given parameters: how likely those are, the posterior and the expected improvement; and what a fit reaches."""
    import torch
    from optuna._gp import acqf, prior
    from optuna._gp import gp as module

    cases = []
    for seed, count, dimensions, categorical in [(1, 8, 1, []), (2, 15, 3, [1]), (3, 25, 4, [0, 3]), (4, 3, 2, [])]:
        random = np.random.RandomState(seed)
        points = random.rand(count, dimensions)
        is_categorical = np.isin(np.arange(dimensions), categorical)
        points[:, is_categorical] = random.randint(3, size=(count, len(categorical)))
        values = np.sin(5 * points).sum(axis=1) + 0.05 * random.randn(count)
        values = (values - values.mean()) / values.std()
        at = random.rand(12, dimensions)
        at[:, is_categorical] = random.randint(3, size=(12, len(categorical)))
        at[0] = points[0]
        raws = []
        for raw in (np.zeros(dimensions + 2), random.randn(dimensions + 2) - np.arange(dimensions + 2) / 2):
            tensor = torch.tensor(raw, requires_grad=True)
            regressor = module.GPRegressor(
                torch.from_numpy(is_categorical),
                torch.from_numpy(points),
                torch.from_numpy(values),
                torch.exp(tensor[:dimensions]),
                torch.exp(tensor[dimensions]),
                torch.exp(tensor[dimensions + 1]) + prior.DEFAULT_MINIMUM_NOISE_VAR,
            )
            loss = -regressor.marginal_log_likelihood() - prior.default_log_prior(regressor)
            loss.backward()
            regressor._cache_matrix()
            mean, variance = regressor.posterior(torch.from_numpy(at))
            raws.append(
                {
                    "raw": raw.tolist(),
                    "loss": loss.item(),
                    "gradient": tensor.grad.tolist(),
                    "mean": mean.tolist(),
                    "variance": variance.tolist(),
                    "improvement": acqf.logei(mean, variance.clone() + 1e-12, values.max()).tolist(),
                }
            )
        fitted = module.fit_kernel_params(
            points, values, is_categorical, prior.default_log_prior, prior.DEFAULT_MINIMUM_NOISE_VAR, False
        )
        least = -fitted.marginal_log_likelihood() - prior.default_log_prior(fitted)
        cases.append(
            {
                "points": points.tolist(),
                "values": values.tolist(),
                "categorical": is_categorical.tolist(),
                "at": at.tolist(),
                "raws": raws,
                "least": least.item(),
            }
        )
    z = [-1e4, -300.0, -30.0, -25.0, -24.9, -10.0, -2.0, -0.5, 0.0, 1.0, 8.0, 40.0]
    write("gp.json", {"cases": cases, "z": z, "standard": acqf.standard_logei(torch.tensor(z, dtype=torch.float64)).tolist()})


def pruning():
    """Fifty recorded studies: the reports of each trial and the decision after each."""
    p = optuna.pruners
    made = [
        ("Nop", {}, lambda: p.NopPruner()),
        ("Median", {}, lambda: p.MedianPruner()),
        ("Median", {"startupTrials": 2, "warmupSteps": 3, "intervalSteps": 2, "minTrials": 3}, lambda: p.MedianPruner(2, 3, 2, n_min_trials=3)),
        ("Percentile", {"percentile": 25}, lambda: p.PercentilePruner(25.0)),
        ("Percentile", {"percentile": 70, "startupTrials": 0, "intervalSteps": 3}, lambda: p.PercentilePruner(70.0, 0, 0, 3)),
        ("Patient", {"patience": 1}, lambda: p.PatientPruner(None, 1)),
        ("Patient", {"wrapped": "Median", "patience": 2, "minDelta": 0.05}, lambda: p.PatientPruner(p.MedianPruner(), 2, 0.05)),
        ("Threshold", {"upper": 1.1, "lower": 0.1, "warmupSteps": 2}, lambda: p.ThresholdPruner(0.1, 1.1, 2)),
        ("SuccessiveHalving", {}, lambda: p.SuccessiveHalvingPruner()),
        ("SuccessiveHalving", {"minResource": 1, "reductionFactor": 2, "bootstrapCount": 2}, lambda: p.SuccessiveHalvingPruner(1, 2, 0, 2)),
        ("SuccessiveHalving", {"minResource": 2, "reductionFactor": 3, "minEarlyStoppingRate": 1}, lambda: p.SuccessiveHalvingPruner(2, 3, 1)),
        ("Hyperband", {}, lambda: p.HyperbandPruner()),
        ("Hyperband", {"minResource": 1, "maxResource": 27, "reductionFactor": 2}, lambda: p.HyperbandPruner(1, 27, 2)),
    ]
    studies = []
    for i in range(50):
        name, options, make = made[i % len(made)]
        random = np.random.RandomState(i)
        direction = ["minimize", "maximize"][(i // len(made)) % 2]
        study = optuna.create_study(
            study_name=f"study {i}", direction=direction, pruner=make(), sampler=optuna.samplers.RandomSampler(seed=0)
        )
        trials = []
        for _ in range(14):
            trial = study.ask()
            level, noise = random.rand(), 0.3 * random.rand()
            step, reports, decisions = 0, [], []
            for _ in range(random.randint(1, 14)):
                step += random.randint(1, 4)
                value = round(level + noise * random.randn() + 1 / step, 3)
                if random.rand() < 0.05:
                    value = [math.nan, math.inf, -math.inf][random.randint(3)]
                trial.report(value, step)
                decision = bool(trial.should_prune())
                reports.append([step, value])
                decisions.append(int(decision))
                # Not every decision is followed.
                if decision and random.rand() < 0.7:
                    break
            draw = random.rand()
            state = "PRUNED" if decisions[-1] else "FAIL" if draw < 0.1 else "RUNNING" if draw < 0.2 else "COMPLETE"
            if state == "COMPLETE":
                study.tell(trial, level)
            elif state != "RUNNING":
                study.tell(trial, state=optuna.trial.TrialState[state])
            trials.append({"reports": reports, "decisions": decisions, "state": state, "value": level})
        studies.append({"name": study.study_name, "direction": direction, "pruner": name, "options": options, "trials": trials})
    write("pruning.json", studies)


def plots(study):
    """The numbers of Optuna's pictures of a study."""
    from optuna.visualization import _optimization_history, _parallel_coordinate, _slice

    (history,) = _optimization_history._get_optimization_history_info_list(study, None, "value", False)
    slices = _slice._get_slice_plot_info(study, None, None, "value").subplots
    lines = _parallel_coordinate._get_parallel_coordinate_info(study, target_name="value")
    return {
        "values": history.values_info.values,
        "best": history.best_values_info.values,
        "slices": [{"name": s.param_name, "numbers": s.trial_numbers, "y": s.y, "log": s.is_log} for s in slices],
        "axes": [d.label for d in lines.dims_params],
        "colors": list(lines.color_values),
    }


def importances():
    """Importances by PED-ANOVA, Optuna's default, of recorded histories, and the numbers of its pictures."""
    cases = []
    for seed, directions, count, conditional, options in [
        (21, ["minimize"], 40, False, {}),
        (22, ["maximize"], 40, True, {}),
        (23, ["minimize"], 30, True, {"target_quantile": 0.3, "region_quantile": 0.8}),
        (24, ["minimize", "maximize"], 40, True, {}),
        (25, ["minimize"], 6, False, {}),
        (26, ["minimize"], 1, False, {}),
    ]:
        study = history(seed, directions, count, conditional)
        # A range that has moved, and one of a single value.
        for t in (study.ask(), study.ask()):
            values = [t.suggest_float("momentum", 0.0, 1.0) + k for k in range(len(directions))]
            t.suggest_int("layers", 3, 3)
            study.tell(t, values)
        ended = [t for t in study.trials if t.state.is_finished()]
        study = optuna.create_study(directions=directions)
        study.add_trials(ended)
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(**options)
        to_json = optuna.distributions.distribution_to_json
        ranges = sorted({to_json(d) for t in study.trials for d in t.distributions.values()})
        trials = [
            {
                "state": t.state.name,
                "values": t.values,
                "params": {k: [v, ranges.index(to_json(t.distributions[k]))] for k, v in t.params.items()},
            }
            for t in study.trials
        ]
        case = {"directions": directions, "options": options, "ranges": ranges, "trials": trials}
        case["importances"] = optuna.importance.get_param_importances(study, evaluator=evaluator)
        if len(directions) == 1:
            case["plots"] = plots(study)
        cases.append(case)
    write("importances.json", cases)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    journal()
    parzen()
    runs()
    grids()
    sobol()
    gp()
    pruning()
    importances()
