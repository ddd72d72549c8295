"""Quantiles, sums and cumulative counts of histogram bins, by circllhist's arithmetic."""

from collections.abc import Mapping, Sequence
from math import ceil

Bins = Mapping[int, int]

QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0)

# Envoy: histogram_impl.cc, the default buckets, in milliseconds.
BUCKETS = (
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1000.0,
    2500.0,
    5000.0,
    10000.0,
    30000.0,
    60000.0,
    300000.0,
    600000.0,
    1800000.0,
    3600000.0,
)


def bin_width(edge: int) -> float:
    """How wide the bin with this lower edge is; 0 has a bin of its own."""
    if edge == 0:
        return 0.0
    width = 0.1
    while edge > 9:
        edge //= 10
        width *= 10
    return round(width, 1)


def quantiles_of(bins: Bins, wanted: Sequence[float] = QUANTILES) -> list[float]:
    """The values at the wanted quantiles (ascending); empty when there are no samples.

    The k-th of n samples in a bin is taken to lie at k/(n+1) of its width.
    """
    total = sum(bins.values())
    if not total:
        return []
    edges = sorted(bins)
    found: list[float] = []
    index, below = 0, 0
    for quantile in wanted:
        rank = max(1, ceil(quantile * total))
        while below + bins[edges[index]] < rank:
            below += bins[edges[index]]
            index += 1
        edge = edges[index]
        found.append(edge + bin_width(edge) * (rank - below) / (bins[edge] + 1))
    return found


def sum_of(bins: Bins) -> float:
    """About the sum of all samples: each is taken to lie a little below the middle of its bin."""
    total = 0.0
    for edge, count in bins.items():
        width = bin_width(edge)
        if edge:
            total += count * (edge + width * edge / (2 * edge + width))
    return total


def counts_up_to(bins: Bins, bounds: Sequence[float] = BUCKETS) -> list[int]:
    """How many samples lie at or below each bound."""
    return [sum(count for edge, count in bins.items() if edge <= bound) for bound in bounds]
