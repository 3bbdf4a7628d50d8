"""Colours that belong together, by the light they are from."""

from typing import NamedTuple

Rgb = tuple[int, int, int]


class Palette(NamedTuple):
    """Five colours of one landscape, from the top of the sky to the foreground."""

    sky: Rgb
    horizon: Rgb
    sun: Rgb
    far: Rgb
    near: Rgb


def _palette(*colours: str) -> Palette:
    return Palette(*((int(c[:2], 16), int(c[2:4], 16), int(c[4:], 16)) for c in colours))


PALETTES = (
    _palette("2b4c7e", "f2b880", "ffe3b0", "7a6a94", "1f2a44"),  # first light
    _palette("f4a988", "fde2c8", "fff4e0", "c9808a", "4a2c40"),  # rose morning
    _palette("5b8fb0", "dcebe6", "fff6d6", "7fa79b", "23463f"),  # clear noon
    _palette("3b2a5a", "ee7f6d", "ffd08a", "8a4470", "241536"),  # violet dusk
    _palette("8ec5c9", "f7ecd0", "f6c453", "6fa38d", "1f4e4a"),  # mint coast
    _palette("f0b65d", "f9e3ae", "fff7de", "d0834b", "5c3324"),  # harvest
    _palette("9db4cf", "eef1f2", "ffffff", "8397b3", "2d3e57"),  # winter
    _palette("1d3f4f", "e9a26b", "fbd9a0", "3f7272", "0e2530"),  # lagoon evening
    _palette("d9a5b5", "f6e7e1", "fbd2c0", "98849f", "3d3552"),  # heather
    _palette("456a3f", "dfe3a8", "fdf3c0", "86a05c", "203320"),  # meadow
    _palette("c65f46", "f5c396", "ffe9c4", "9a4a3f", "3b1e22"),  # canyon
    _palette("4a7fb5", "fbd7c3", "fff0dd", "8a9cc4", "2b3a67"),  # alpine pink
    _palette("2f6f73", "cfe6d4", "ffe08a", "4f9a8c", "123a3d"),  # jade
    _palette("6d5a8d", "f3cfc6", "ffe7c2", "a384a8", "332748"),  # lilac
)


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Return the colour `share` of the way from the first to the second."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )
