"""Colours of custom states: readable on every surface of ours, light and dark (WCAG 2.2 AA)."""

from collections.abc import Callable, Iterator
from functools import lru_cache

ENOUGH = 4.5
PREFIX = "colour-"  # of the classes that name them
TINT = 0.11  # of the colour itself, under the word of a state
# Of static/tokens.css; a test compares.
LIGHT = {"canvas": "#f1f3f6", "surface": "#ffffff", "surface-2": "#f7f8fa"}
DARK = {"canvas": "#101216", "surface": "#171a1f", "surface-2": "#1d2127"}


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def worst(colour: str, surfaces: dict[str, str]) -> float:
    """On the surfaces themselves, and on the tint that a state's word stands on."""
    grounds = [*surfaces.values(), *(mixed(colour, one, TINT) for one in surfaces.values())]
    return min(contrast(colour, ground) for ground in grounds)


def readable_like(colour: str) -> str:
    """The same hue, as much darker as the light surfaces need."""
    return _first(_towards(colour, "#000000"), lambda one: worst(one, LIGHT) >= ENOUGH)


@lru_cache(maxsize=256)  # a millisecond each, and pages show all of them
def dark_twin(colour: str) -> str:
    """The same hue for the dark theme, as much lighter as that needs."""
    return _first(_towards(colour, "#ffffff"), lambda one: worst(one, DARK) >= ENOUGH)


def class_of(colour: str) -> str:
    """Pages name colours by classes, since their policy forbids style attributes."""
    return f"{PREFIX}{colour.lower().removeprefix('#')}"


def mixed(one: str, other: str, part: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)


def _towards(colour: str, end: str) -> Iterator[str]:
    yield colour.lower()
    for step in range(1, 101):
        yield mixed(end, colour, step / 100)


def _first(colours: Iterator[str], fits: Callable[[str], bool]) -> str:
    """The end itself always fits."""
    return next(one for one in colours if fits(one))


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(colour: str) -> float:
    shares = [_linear(value / 255) for value in _channels(colour)]
    return 0.2126 * shares[0] + 0.7152 * shares[1] + 0.0722 * shares[2]


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
