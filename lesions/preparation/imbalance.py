"""How unequal the classes are, and the plan that makes their training pictures more equal."""

import math

import numpy as np
import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.results.imbalance import ClassBalance, ImbalanceMetrics, PlanCounts
from lesions.params.schema import RebalanceParams

DOMINATES = 1.5  # times the equal share 1/k of k classes: a class with at least this share dominates
PLAN_COLUMNS = ["label", "n_raw", "n_usable", "n_train", "n_target", "n_add"]
REASON_TEXTS = {
    "label conflict": "also filed under another class",
    "exact duplicate": "the same picture again",
    "in another data set too": "the same picture in another data set",
    "class too small": "left in a class that is too small",
}


def count_classes(manifest: pd.DataFrame, excluded: pd.DataFrame) -> pd.DataFrame:
    """One row per class of either table, sorted by label: label, n_raw (all files), n_usable, n_train."""
    usable = manifest["label"].value_counts()
    raw = usable.add(excluded["label"].value_counts(), fill_value=0)
    train = manifest.loc[manifest["split"] == "train", "label"].value_counts()
    counts = pd.DataFrame({"n_raw": raw, "n_usable": usable, "n_train": train}).fillna(0).astype(int)
    return counts.rename_axis("label").reset_index().sort_values("label", ignore_index=True)


def plan(counts: pd.DataFrame, rebalance: RebalanceParams) -> pd.DataFrame:
    """The counts with n_target (how many training pictures a class should weigh as) and n_add (new pictures to make).

    match_majority: as many as the largest class; sqrt: the geometric mean of that and its own number; fixed: per_class
    more. Never fewer than it has, nor more than floor(cap * n_train). A class without training pictures stays at 0:
    there is nothing to copy. Only method augment makes new pictures; sampler and weights use n_target as proportions.
    """
    train = counts["n_train"].to_numpy()
    largest = int(train.max(initial=0))
    target = {
        "none": train,
        "match_majority": np.full_like(train, largest),
        "sqrt": np.rint(np.sqrt(train * largest)).astype(int),
        "fixed": train + rebalance.per_class,
    }["none" if rebalance.method == "none" else rebalance.target]
    if rebalance.cap is not None:
        target = np.minimum(target, [math.floor(rebalance.cap * n) for n in train])
    target = np.where(train > 0, np.maximum(target, train), 0)
    added = target - train if rebalance.method == "augment" else np.zeros_like(train)
    return counts.assign(n_target=target, n_add=added)[PLAN_COLUMNS]


def summarize(table: pd.DataFrame, excluded: pd.DataFrame, rebalance: RebalanceParams) -> ImbalanceMetrics:
    """The findings as text, then their numbers, view by view and class by class. table: the result of plan()."""
    raw, usable, training, after_plan = (_view(table, name) for name in ("n_raw", "n_usable", "n_train", "n_target"))
    added = int(table["n_add"].sum())
    numbers = table.drop(columns="label").to_dict("records")
    return ImbalanceMetrics(
        findings=[
            _describe("Raw files", raw),
            _describe("Usable pictures", usable),
            _describe("Training pictures", training),
            _describe("Training after the plan", after_plan),
            _describe_plan(added, rebalance),
            *_caveats(table, excluded),
        ],
        dominates_from=f"{DOMINATES} times the equal share",
        n_add=added,
        raw=raw,
        usable=usable,
        train=training,
        target=after_plan,
        classes={label: PlanCounts.model_validate(row) for label, row in zip(table["label"], numbers, strict=True)},
    )


def title(table: pd.DataFrame) -> str:
    """The finding on the training pictures, as the title of the chart."""
    view = _view(table, "n_train")
    if view.n_classes < 2:
        return "Fewer than two classes have training pictures"
    if view.minority_n == view.majority_n:
        return f"All {view.n_classes} classes have the same number of training pictures ({view.majority_n:,})"
    return (
        f"{_capital(_names(view.minority))} {_have(view.minority)} the fewest training pictures ({view.minority_n:,}), "
        f"{_names(view.majority)} the most ({view.majority_n:,}): 1 to {view.imbalance_ratio:.1f}"
    )


def _view(table: pd.DataFrame, column: str) -> ClassBalance:
    """Which classes have the fewest and the most of this column's pictures, and which dominate, with their shares."""
    counts = table.set_index("label")[column]
    counts = counts[counts > 0].astype(int)
    total, classes = int(counts.sum()), len(counts)
    if not classes:
        return ClassBalance(
            n=0,
            n_classes=0,
            minority=[],
            minority_n=0,
            majority=[],
            majority_n=0,
            imbalance_ratio=0,
            equal_share=0,
            dominating={},
        )
    return ClassBalance(
        n=total,
        n_classes=classes,
        minority=list(counts.index[counts == counts.min()]),
        minority_n=int(counts.min()),
        majority=list(counts.index[counts == counts.max()]),
        majority_n=int(counts.max()),
        imbalance_ratio=round(counts.max() / counts.min(), 2),
        equal_share=round(1 / classes, 4),
        dominating={
            str(label): round(n / total, 4)
            for label, n in counts.sort_values(ascending=False, kind="stable").items()
            if n * classes >= DOMINATES * total  # in whole numbers: no share misses by its last digit
        },
    )


def _describe(heading: str, view: ClassBalance) -> str:
    if not view.n:
        return f"{heading}: none."
    dominating = [f"{diagnosis(label).name} ({100 * share:.1f} %)" for label, share in view.dominating.items()]
    rule = f"at least {DOMINATES} times the equal share of {100 * view.equal_share:.1f} %"
    return (
        f"{heading} ({view.n:,} in {view.n_classes} classes): fewest in {_names(view.minority)} "
        f"({view.minority_n:,}), most in {_names(view.majority)} ({view.majority_n:,}), "
        f"1 to {view.imbalance_ratio:.1f}. "
        + (f"Dominating: {_join(dominating)}, {rule}." if dominating else f"No class dominates ({rule}).")
    )


def _describe_plan(added: int, rebalance: RebalanceParams) -> str:
    cap = "no cap" if rebalance.cap is None else f"at most {rebalance.cap:g} times its own pictures per class"
    texts = {
        "augment": f"{added:,} new training pictures ({rebalance.target}, {cap})",
        "sampler": f"rare classes are drawn more often ({rebalance.target}, {cap}), no new pictures",
        "weights": f"rare classes weigh more in the loss ({rebalance.target}, {cap}), no new pictures",
        "none": "the classes stay as they are, no new pictures",
    }
    return f"Plan: {texts[rebalance.method]}."


def _caveats(table: pd.DataFrame, excluded: pd.DataFrame) -> list[str]:
    """Warnings on classes that lost most of their files: 'rare' may mean 'filed twice'."""
    caveats = []
    for label, row in table.set_index("label").to_dict("index").items():
        name = diagnosis(str(label)).name
        if 2 * row["n_usable"] < row["n_raw"]:
            usable = f"{row['n_usable']:,} usable" if row["n_usable"] else "none usable"
            reasons = excluded.loc[excluded["label"] == label, "reason"].value_counts()
            why = "; ".join(f"{n:,} {REASON_TEXTS.get(str(reason), str(reason))}" for reason, n in reasons.items())
            caveats.append(f"Caution, {name}: {row['n_raw']:,} raw files, {usable}: {why}.")
        elif not row["n_train"]:
            caveats.append(f"Caution, {name}: no training picture, so there is nothing to copy or to learn from.")
    return caveats


def _names(labels: list[str]) -> str:
    return _join([diagnosis(label).name for label in labels])


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _have(labels: list[str]) -> str:
    return "has" if len(labels) == 1 else "have"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
