"""Where the test data of Istio and Envoy lies; it is no part of the project, and may be absent."""

import os
from pathlib import Path

import pytest

CORPORA = Path(os.environ.get("TULLE_CORPORA") or Path(__file__).parents[3] / "shared" / "corpora")


def needs(folder: str) -> pytest.MarkDecorator:
    """Skips a test, and says why, where this folder of the corpora is absent."""
    path = CORPORA / folder
    return pytest.mark.skipif(
        not path.is_dir(), reason=f"{path} is not there: TULLE_CORPORA names the folder of the corpora"
    )
