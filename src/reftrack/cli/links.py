"""The pages of a paper, and a browser that shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ..web.addresses import pages

__all__ = ["can_open", "pages", "show"]


def can_open(environment: Mapping[str, str]) -> bool:
    """Whether there is a screen here on which a browser would be seen; over SSH there is none."""
    if environment.get("BROWSER") or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return True
    far = environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")
    return sys.platform in ("darwin", "win32") and not far


def show(url: str) -> bool:
    """Show a page in the browser; whether one took it."""
    if not can_open(os.environ):
        return False
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
