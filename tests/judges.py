"""Programs of the field that judge what reftrack writes; Debian has them."""

import os
import shutil

import pytest


def need(program):
    """Skip with a reason where a judge is missing; where CI is set its absence is a failure."""
    if shutil.which(program):
        return
    reason = f"{program} is not installed (Debian: biber, texlive-base, texlive-binaries)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
