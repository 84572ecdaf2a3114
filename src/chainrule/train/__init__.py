"""Training: the trainer, its callbacks, history, checkpoints and metrics."""

from __future__ import annotations

from chainrule.train.callbacks import Callback, EarlyStopping, JSONLWriter, LambdaCallback
from chainrule.train.curves import LearningCurves, plot_history
from chainrule.train.history import History
from chainrule.train.metrics import METRICS, Metric
from chainrule.train.sanity import SanityReport, chance_level, overfit
from chainrule.train.saving import load, save
from chainrule.train.trainer import Trainer

__all__ = [
    "METRICS",
    "Callback",
    "EarlyStopping",
    "History",
    "JSONLWriter",
    "LambdaCallback",
    "LearningCurves",
    "Metric",
    "SanityReport",
    "Trainer",
    "chance_level",
    "load",
    "overfit",
    "plot_history",
    "save",
]
