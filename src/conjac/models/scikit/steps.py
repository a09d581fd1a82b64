"""Classifiers and transformers whose outputs are step functions: a shift shows only where they are counted again."""

from __future__ import annotations

from typing import Any

from conjac.models.scikit.part import Part, serve, stepwise, unknown

CLASSIFIERS = (
    "AdaBoostClassifier",
    "CatBoostClassifier",
    "CategoricalNB",
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "ExtraTreesClassifier",
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "KNeighborsClassifier",
    "OneVsOneClassifier",
    "RadiusNeighborsClassifier",
    "RandomForestClassifier",
)
TRANSFORMERS = ("Binarizer", "KBinsDiscretizer", "RandomTreesEmbedding")


def steps(estimator: Any) -> Part:
    """Return step functions."""
    return stepwise(type(estimator).__name__)


def xgboost(estimator: Any) -> Part:
    """Return XGBoost's classifier: trees, unless it was told to boost linear functions."""
    booster = estimator.get_params().get("booster")
    return steps(estimator) if booster in {None, "gbtree", "dart"} else unknown(f"XGBClassifier(booster={booster!r})")


def lightgbm(estimator: Any) -> Part:
    """Return LightGBM's classifier: trees, unless their leaves are linear."""
    is_linear = bool(estimator.get_params().get("linear_tree"))
    return unknown("LGBMClassifier(linear_tree=True)") if is_linear else steps(estimator)


serve("transform", dict.fromkeys(TRANSFORMERS, steps))
for name in ("predict_proba", "decision_function"):
    serve(name, dict.fromkeys(CLASSIFIERS, steps) | {"LGBMClassifier": lightgbm, "XGBClassifier": xgboost})
