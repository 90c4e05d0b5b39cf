"""What a float32 result may differ from a float64 one: torch's own defaults, as test/browser/closeness.ts has them."""

import numpy as np

RTOL = 1.3e-6
ATOL = 1e-5


def share(actual, expected):
    """The largest share of torch's float32 budget that any value uses, the absolute part scaled as in test/browser."""
    scale = min(1, max(0.01, np.abs(expected).max()))
    return (np.abs(actual - expected) / (RTOL * np.abs(expected) + ATOL * scale)).max()
