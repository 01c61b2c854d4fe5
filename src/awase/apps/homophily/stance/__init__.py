"""Whether a reply agrees with its parent, is neutral or disagrees: a classifier, a file of labels, or neutral for all."""

from .classifier import Classifier
from .fit import fit_stance
from .label import label
from .parts import LabelFile, Neutral, StancePart
from .report import Quality, StanceReport

__all__ = ["Classifier", "LabelFile", "Neutral", "Quality", "StancePart", "StanceReport", "fit_stance", "label"]
