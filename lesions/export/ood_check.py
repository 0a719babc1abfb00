"""Out-of-distribution check of an exported network: fit, threshold, false accepts and false rejects.

A false accept is a photograph of anything else that passes as in distribution; a false reject is a test picture that
does not. Photographs of things are an easy test: a rash, a scar or another camera may well pass.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.bundle.litert import LiteRTNetwork
from lesions.bundle.out_of_distribution import FeatureDistribution, distance
from lesions.data.images import load_pixels
from lesions.data.manifest import SPLITS
from lesions.data.results.bundle import BundleMetadata, OutOfDistributionRule
from lesions.data.results.decision import Decision
from lesions.data.results.export import OutOfDistributionErrors
from lesions.export.out_of_distribution_fit import ACCEPTED, fit_distribution, threshold_for
from lesions.export.photographs import photographs
from lesions.metrics.intervals import wilson


def fit_out_of_distribution(
    network: LiteRTNetwork, manifest: pd.DataFrame, features: NDArray[np.float32], decision: Decision
) -> tuple[FeatureDistribution, OutOfDistributionRule]:
    """The distribution of the training pictures' features, and the rule with its threshold from the validation pictures
    and its errors on photographs and test pictures.

    features: (n, features) of the network, for the manifest's rows; decision: models/decision.json.
    """
    parts = {name: (manifest["split"] == name).to_numpy() for name in SPLITS}
    codes = pd.Categorical(manifest["label"], decision.classes).codes.astype(np.int64)
    distribution = fit_distribution(features[parts["train"]], codes[parts["train"]], len(decision.classes))

    def distances(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.array([distance(row, distribution) for row in rows])

    validation = distances(features[parts["val"]])
    threshold = threshold_for(validation)
    photograph_features = {
        name: network.run(load_pixels(file, decision.image_size, decision.color_constancy)).features
        for name, file in photographs().items()
    }
    passed = distances(np.stack(list(photograph_features.values()))) <= threshold
    test = distances(features[parts["test"]])
    return distribution, OutOfDistributionRule(
        threshold=threshold,
        accepted=ACCEPTED,
        n_validation=len(validation),
        n_photographs=len(photograph_features),
        false_accepts=tuple(name for name, accepted in zip(photograph_features, passed, strict=True) if accepted),
        n_test=len(test),
        false_rejects=int((test > threshold).sum()),
    )


def errors(rule: OutOfDistributionRule) -> OutOfDistributionErrors:
    """The errors of the rule as counts."""
    return OutOfDistributionErrors(
        n_photographs=rule.n_photographs,
        n_false_accepts=len(rule.false_accepts),
        n_test=rule.n_test,
        n_false_rejects=rule.false_rejects,
    )


def card_section(metadata: BundleMetadata) -> str:
    """The section of the model card on out-of-distribution pictures, which the report does not have."""
    rule = metadata.out_of_distribution
    passed = f" ({', '.join(name.replace('_', ' ') for name in rule.false_accepts)})" if rule.false_accepts else ""
    return f"""
## Pictures of something else

- A picture counts as unlike the training pictures from a distance of {rule.threshold:.2f} to them, by the last features
  of the network (Mahalanobis, to the nearest class mean). The threshold is to let {rule.accepted:.0%} of pictures like
  the {rule.n_validation:,} validation pictures pass; so it calls some of the right kind unlike, too.
- False accepts: {_share(len(rule.false_accepts), rule.n_photographs)} photographs of cats, coins, galaxies and other
  things{passed} pass as pictures like those of the training. They are what ships with scikit-image and scikit-learn,
  and an easy test: other cameras, other skin and other diseases are harder to tell, and that was not measured.
- False rejects: {_share(rule.false_rejects, rule.n_test)} test pictures are called unlike.
- Heat maps: {metadata.heat_maps}.

Exported by lesions {metadata.lesions_version}.
"""


def _share(n: int, of: int) -> str:
    low, high = wilson(n / of, of)
    return f"{n:,} of {of:,} ({n / of:.1%}, 95 % interval {low:.1%} to {high:.1%})"
