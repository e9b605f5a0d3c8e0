"""Text that XML 1.0 can hold."""

from __future__ import annotations

import re

__all__ = ["fits_xml", "for_xml"]

# Control characters, and what is no Unicode character.
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def fits_xml(text: str) -> bool:
    """Tell whether XML can hold a text as it is."""
    return _STRANGE.search(text) is None


def for_xml(text: str) -> str:
    r"""Give a text with U+FFFD for each character that XML cannot hold.

    Examples
    --------
    >>> for_xml("m\x00s") == "m\ufffds"
    True
    """
    return _STRANGE.sub("\ufffd", text)
