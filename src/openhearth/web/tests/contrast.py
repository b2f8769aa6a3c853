"""Measures of colour: contrast after WCAG, distance after simulated colour blindness."""

import math
import re

HEX = re.compile(r"--([\w-]+):(#[0-9a-f]{3,6})\b")
EYES = {  # Machado, Oliveira, Fernandes 2009, severity 1.0
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OKLAB = (
    (0.2104542553, 0.793617785, -0.0040720468),
    (1.9779984951, -2.428592205, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.808675766),
)


def tokens(css: str, selector: str) -> dict[str, str]:
    """The colours of one block, as six figures each."""
    start = css.index(selector)
    found = HEX.findall(css[start : css.index("}", start)])
    return {k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in found}


def _linear(colour: str) -> list[float]:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]


def _times(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_times([(0.2126, 0.7152, 0.0722)], _linear(c))[0] for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def distance(one: str, other: str, eye: str) -> float:
    """Oklab distance times 100 as that eye sees it; about 2 is just visible side by side."""

    def seen(colour: str) -> list[float]:
        rgb = [min(1.0, max(0.0, v)) for v in _times(EYES[eye], _linear(colour))]
        return _times(OKLAB, [v ** (1 / 3) for v in _times(CONES, rgb)])

    return 100 * math.dist(seen(one), seen(other))
