"""Learning-rate schedulers: what every one gives, step by step."""

import json

import torch

from .common import OUT

OPS = []
STEPS = 60
# The functions of the cases, by the names under which the tests have the same.
FUNCTIONS = {
    "decay": lambda epoch: 0.95**epoch,
    "thirds": lambda epoch: 1 / (1 + epoch // 3),
    "factor": lambda epoch: 0.97 if epoch % 2 else 1.02,
    "halves": lambda x: 1 / (1 + x / 2),
}
SCHEDULER = torch.optim.lr_scheduler


def spoken(value):
    """Arguments as JSON has them: functions by name."""
    if isinstance(value, (list, tuple)):
        return [spoken(one) for one in value]
    return next((name for name, function in FUNCTIONS.items() if function is value), value)


def camel(name):
    first, *rest = name.split("_")
    return first.lower() + "".join(word.capitalize() for word in rest)


def make(optimizer, case):
    if case["class"] == "ChainedScheduler":
        return SCHEDULER.ChainedScheduler([make(optimizer, part) for part in case["schedulers"]])
    if case["class"] == "SequentialLR":
        parts = [make(optimizer, part) for part in case["schedulers"]]
        return SCHEDULER.SequentialLR(optimizer, parts, case["milestones"])
    return getattr(SCHEDULER, case["class"])(optimizer, *case.get("args", []), **case.get("options", {}))


def describe(case):
    names = {camel(key): spoken(value) for key, value in case.get("options", {}).items()}
    described = {"class": case["class"], "args": spoken(case.get("args", [])), "options": names}
    if "schedulers" in case:
        described["schedulers"] = [describe(part) for part in case["schedulers"]]
    for key in ("milestones", "metrics", "epochs"):
        if key in case:
            described[key] = case[key]
    return described


def run(case, kind="sgd", rates=(0.05, 0.4), steps=STEPS):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in rates]
    if kind == "sgd":
        optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(groups)
    scheduler = make(optimizer, case)
    momentum = (lambda group: group["momentum"]) if kind == "sgd" else (lambda group: group["betas"][0])
    lr, momenta = [], []
    for step in range(steps):
        lr.append([group["lr"] for group in optimizer.param_groups])
        momenta.append([momentum(group) for group in optimizer.param_groups])
        optimizer.step()
        if "metrics" in case:
            scheduler.step(case["metrics"][step])
        elif "epochs" in case:
            scheduler.step(case["epochs"][step])
        else:
            scheduler.step()
    cycles = any(row != momenta[0] for row in momenta) or case.get("options", {}).get("cycle_momentum")
    described = {**describe(case), "optimizer": kind, "rates": list(rates), "lr": lr}
    return {**described, "momentum": momenta} if cycles else described


def main():
    metrics = [1.0, 0.9, 0.8, 0.8, 0.79995, 0.8, 0.8, 0.8, 0.7, 0.7] + [0.7 - 0.001 * (i % 7) for i in range(50)]
    falling = [-value for value in metrics]
    warm = {"class": "LinearLR", "options": {"start_factor": 0.1, "total_iters": 7}}
    flat = {"class": "ConstantLR", "options": {"factor": 0.2, "total_iters": 5}}
    exponential = {"class": "ExponentialLR", "args": [0.9]}
    cosine = {"class": "CosineAnnealingLR", "args": [20], "options": {"eta_min": 1e-3}}
    third_steps = [i / 3 for i in range(60)]
    quarter_steps = [i / 4 for i in range(60)]
    halves = {"scale_fn": FUNCTIONS["halves"], "scale_mode": "iterations"}
    by_decay = {"class": "LambdaLR", "args": [FUNCTIONS["decay"]]}
    restarts = {"class": "CosineAnnealingWarmRestarts", "args": [6]}
    polynomial = {"class": "PolynomialLR", "options": {"total_iters": 15}}
    by_half = {"class": "StepLR", "args": [9], "options": {"gamma": 0.5}}

    def one(name, *args, **options):
        return {"class": name, "args": list(args), "options": options}

    def sequence(milestones, *schedulers):
        return {"class": "SequentialLR", "schedulers": list(schedulers), "milestones": milestones}

    def chain(*schedulers):
        return {"class": "ChainedScheduler", "schedulers": list(schedulers)}

    warm_restarts, one_cycle, cyclic = "CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR"
    plateau = "ReduceLROnPlateau"
    cases = [
        run(one("StepLR", 7)),
        run(one("StepLR", 10, gamma=0.5)),
        run(one("MultiStepLR", [3, 10, 10, 40])),
        run(one("MultiStepLR", [5, 31], gamma=0.3)),
        run(exponential),
        run(one("CosineAnnealingLR", 50)),
        run(one("CosineAnnealingLR", 9, eta_min=0.01)),
        run(one(warm_restarts, 11)),
        run(one(warm_restarts, 4, T_mult=2, eta_min=1e-3)),
        run({**one(warm_restarts, 4, T_mult=2), "epochs": third_steps}),
        run({**one(warm_restarts, 5), "epochs": quarter_steps}),
        run(one("LinearLR")),
        run(one("LinearLR", start_factor=0.5, end_factor=0.2, total_iters=30)),
        run(one("LinearLR", start_factor=1.0, end_factor=0.0, total_iters=50)),
        run(one("ConstantLR")),
        run(flat),
        run(one("PolynomialLR")),
        run(one("PolynomialLR", total_iters=40, power=2.0)),
        run(one(one_cycle, 0.3, total_steps=60)),
        run(one(one_cycle, [0.3, 0.1], epochs=6, steps_per_epoch=10, anneal_strategy="linear", pct_start=0.4)),
        run(one(one_cycle, 0.3, total_steps=70, three_phase=True, div_factor=10.0, final_div_factor=100.0)),
        run(one(one_cycle, 0.3, total_steps=60, base_momentum=0.7, max_momentum=0.99), "adam"),
        run(one(one_cycle, 0.3, total_steps=60, cycle_momentum=False)),
        run(one(cyclic, 0.01, 0.1, step_size_up=8)),
        run(one(cyclic, [0.01, 0.02], [0.1, 0.3], step_size_up=5, step_size_down=12, mode="triangular2")),
        run(
            one(
                cyclic,
                0.01,
                0.1,
                step_size_up=6,
                mode="exp_range",
                gamma=0.97,
                base_momentum=0.5,
                max_momentum=0.95,
            )
        ),
        run(one(cyclic, 0.01, 0.1, step_size_up=6, **halves, cycle_momentum=False), "adam"),
        run(by_decay),
        run(one("LambdaLR", [FUNCTIONS["decay"], FUNCTIONS["thirds"]])),
        run(one("MultiplicativeLR", FUNCTIONS["factor"])),
        run(one("MultiplicativeLR", [FUNCTIONS["factor"], FUNCTIONS["thirds"]]), steps=50),
        run(sequence([8], flat, exponential)),
        run(sequence([7, 30], warm, cosine, exponential)),
        run(sequence([10, 40], warm, restarts, one("StepLR", 4))),
        run(sequence([12, 25], warm, by_decay, polynomial)),
        run(chain(flat, exponential)),
        run(chain(warm, by_half, exponential)),
        run({**one(plateau), "metrics": metrics}),
        run({**one(plateau, factor=0.5, patience=2, threshold=1e-3), "metrics": metrics}),
        run(
            {
                **one(plateau, mode="max", patience=1, threshold_mode="abs", threshold=0.01, cooldown=3),
                "metrics": falling,
            }
        ),
        run({**one(plateau, mode="max", patience=3, min_lr=[1e-3, 0.05]), "metrics": falling}),
        run({**one(plateau, patience=0, min_lr=1e-2, threshold_mode="abs", eps=1e-3), "metrics": metrics}),
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    (OUT / "lr_schedulers.json").write_text(f"[\n{lines}\n]\n")
