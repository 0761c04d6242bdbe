"""References to images as the spec takes them."""

import re

_PLAIN = re.compile(r"[a-z0-9]+([._:/-]+[a-zA-Z0-9]+)*(@sha256:[a-f0-9]{64})?")


def image_value(image: str) -> str:
    """The reference; '' for one that does not fit, such as one with a variable in it."""
    return image if _PLAIN.fullmatch(image) and len(image) <= 300 else ""
