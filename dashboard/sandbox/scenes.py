"""Calm abstract pictures: hills, seas, peaks, dunes, nights and posters in matched colours.

Everything is computed: nobody's photograph, nothing that could embarrass on a shared screen.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from .palettes import PALETTES, Palette, Rgb, blend

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw


def draw_scene(seed: str, width: int, height: int, kind: str, caption: str) -> Image:
    """The picture of one item: the same scene at every size. `kind` is the media type."""
    from PIL import ImageDraw

    random = Random(seed)  # noqa: S311 - reproducible on purpose
    palette = random.choice(PALETTES)
    picture = _gradient(palette.sky, palette.horizon, width, height)
    draw = ImageDraw.Draw(picture, "RGBA")
    scene = _waveform if kind == "audio" else random.choice(_SCENES)
    scene(draw, random, palette, width, height)
    _write(draw, caption, width, height)
    return picture


def _gradient(top: Rgb, bottom: Rgb, width: int, height: int) -> Image:
    from PIL import Image

    column = Image.new("RGB", (1, 64))
    for row in range(64):
        column.putpixel((0, row), blend(top, bottom, (row / 63) ** 0.85))
    return column.resize((width, height), Image.Resampling.BILINEAR)


def _write(draw: ImageDraw, caption: str, width: int, height: int) -> None:
    from PIL import ImageFont

    size = max(9, round(min(width, height) * 0.042))
    font = ImageFont.load_default(size)
    place = (size * 0.9, height - size * 2.0)
    draw.text((place[0] + size / 14, place[1] + size / 14), caption, font=font, fill=(0, 0, 0, 90))
    draw.text(place, caption, font=font, fill=(255, 255, 255, 215))


def _disc(draw: ImageDraw, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _sun(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int, low: float) -> float:
    """A sun with a soft halo; returns its x."""
    x, y = width * random.uniform(0.22, 0.78), height * random.uniform(0.2, low)
    radius = min(width, height) * random.uniform(0.07, 0.15)
    for ring, alpha in ((3.4, 16), (2.5, 20), (1.8, 28), (1.35, 40)):
        _disc(draw, x, y, radius * ring, (*palette.sun, alpha))
    _disc(draw, x, y, radius, palette.sun)
    return x


def _ridge(random: Random, width: int, level: float, swing: float, waves: float) -> list[tuple[float, float]]:
    """A rolling line across the picture, from three waves."""
    parts = [
        (waves * (0.6 + number * 0.9), random.uniform(0, math.tau), swing / (1.4**number) / 2)
        for number in range(3)
    ]
    step = max(2, width // 160)
    return [
        (
            x,
            level
            + sum(high * math.sin(turns * x / width * math.tau + phase) for turns, phase, high in parts),
        )
        for x in range(-step, width + 2 * step, step)
    ]


def _ground(
    draw: ImageDraw, line: list[tuple[float, float]], width: int, height: int, colour: tuple[int, ...]
) -> None:
    draw.polygon([*line, (width + 9, height + 9), (-9, height + 9)], fill=colour)


def _hills(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    _sun(draw, random, palette, width, height, 0.46)
    layers = random.randrange(4, 7)
    for layer in range(layers):
        depth = layer / (layers - 1)
        level = height * (0.5 + 0.4 * depth**1.1)
        line = _ridge(random, width, level, height * (0.05 + 0.05 * depth), random.uniform(0.5, 1.3))
        _ground(
            draw, line, width, height, blend(blend(palette.horizon, palette.far, 0.55), palette.near, depth)
        )


def _peaks(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    _sun(draw, random, palette, width, height, 0.4)
    for layer in range(4):
        depth = layer / 3
        points = [(-width * 0.2, height * 0.7)]
        x = -width * 0.2
        while x < width * 1.2:
            x += width * random.uniform(0.09, 0.22)
            low = layer % 2 == len(points) % 2
            rise = random.uniform(0.0, 0.06) if low else random.uniform(0.1, 0.24) * (1.15 - depth * 0.5)
            points.append((x, height * (0.62 + 0.12 * layer - rise)))
        colour = blend(blend(palette.horizon, palette.far, 0.5), palette.near, depth)
        _ground(draw, points, width, height, colour)
        lit = (*blend(colour, palette.sun, 0.35), 90)
        for (left, base), (top, peak), _ in zip(points, points[1:], points[2:], strict=False):
            if peak < base - height * 0.05:
                foot = (top + (left - top) * 0.12, min(height * 1.0, base + height * 0.06))
                draw.polygon([(left, base), (top, peak), foot], fill=lit)


def _sea(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    x = _sun(draw, random, palette, width, height, 0.5)
    level = height * random.uniform(0.56, 0.66)
    if random.random() < 0.7:
        line = _ridge(random, width, level - height * 0.02, height * 0.07, random.uniform(0.4, 0.9))
        _ground(draw, line, width, height, blend(palette.horizon, palette.far, 0.6))
    rows = 26
    for row in range(rows):
        top = level + (height - level) * (row / rows) ** 1.25
        colour = blend(blend(palette.far, palette.horizon, 0.35), palette.near, row / rows)
        draw.rectangle((0, top, width, height), fill=colour)
        glint = width * (0.03 + 0.11 * row / rows) * random.uniform(0.4, 1.3)
        shift = random.uniform(-0.3, 0.3) * glint
        thick = (height - level) / rows * 0.28
        if row % 2 == 0:
            box = (x - glint + shift, top + thick, x + glint + shift, top + thick * 2.4)
            draw.rounded_rectangle(box, radius=thick / 2, fill=(*palette.sun, 150 - row * 3))


def _dunes(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    _sun(draw, random, palette, width, height, 0.34)
    for layer in range(4):
        depth = layer / 3
        level = height * (0.46 + 0.16 * layer)
        crest = width * random.uniform(0.2, 0.8)
        lift = height * random.uniform(0.08, 0.2)
        left = [(width * t / 40 * crest / width, level - lift * (t / 40) ** 2.2) for t in range(41)]
        right = [
            (crest + (width - crest) * t / 40, level - lift * (1 - t / 40) ** 1.6 + height * 0.05 * t / 40)
            for t in range(41)
        ]
        colour = blend(blend(palette.horizon, palette.far, 0.65), palette.near, depth)
        _ground(draw, [*left, *right], width, height, colour)
        tail = [
            (crest - width * 0.16 * math.sin(t / 14 * 2.2), level - lift + height * 0.5 * t / 14)
            for t in range(15)
        ]
        shade = blend(colour, palette.near, 0.4)
        draw.polygon(
            [(crest, level - lift), *right, (width + 9, height + 9), *reversed(tail)], fill=(*shade, 150)
        )


def _night(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    from_dark = blend(palette.near, (8, 12, 30), 0.45)
    steps = 40
    for step in range(steps):
        shade = blend(from_dark, blend(palette.far, palette.horizon, 0.35), (step / steps) ** 1.4)
        draw.rectangle((0, height * 0.8 * step / steps, width, height), fill=shade)
    unit = min(width, height)
    for _ in range(70):
        size = unit * random.uniform(0.0012, 0.0042)
        _disc(
            draw,
            width * random.random(),
            height * random.random() ** 1.4 * 0.62,
            size,
            (255, 250, 235, random.randrange(90, 230)),
        )
    x, y, radius = (
        width * random.uniform(0.25, 0.75),
        height * random.uniform(0.2, 0.36),
        unit * random.uniform(0.07, 0.11),
    )
    for ring, alpha in ((2.6, 14), (1.7, 22)):
        _disc(draw, x, y, radius * ring, (255, 245, 220, alpha))
    _disc(draw, x, y, radius, (252, 243, 221))
    for layer in range(4):
        line = _ridge(random, width, height * (0.64 + 0.1 * layer), height * 0.07, random.uniform(0.5, 1.2))
        _ground(
            draw, line, width, height, blend(blend(palette.far, from_dark, 0.35), (10, 14, 28), layer / 3.4)
        )


def _arches(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    """A rainbow of nested arches standing on a table line: a mid-century poster."""
    draw.rectangle((0, 0, width, height), fill=blend(palette.horizon, (255, 252, 244), 0.55))
    x, base = width * random.uniform(0.38, 0.62), height * random.uniform(0.74, 0.84)
    reach = min(width * 0.46, height * 0.62)
    colours = [palette.near, palette.sun, palette.far, palette.horizon, palette.sky, palette.near]
    rings = random.randrange(4, 7)
    for ring in range(rings):
        radius = reach * (1 - ring / (rings + 0.6))
        draw.pieslice((x - radius, base - radius, x + radius, base + radius), 180, 360, fill=colours[ring])
    _disc(
        draw,
        width * random.choice((0.16, 0.84)),
        height * 0.2,
        reach * random.uniform(0.14, 0.22),
        palette.sun,
    )
    draw.rectangle((0, base, width, height), fill=palette.near)


def _tiles(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    """Quarter circles, half circles and dots on a grid."""
    across = random.randrange(3, 5) if width <= height else random.randrange(4, 7)
    size = width / across
    colours = [palette.sky, palette.horizon, palette.sun, palette.far, palette.near]
    for row in range(math.ceil(height / size)):
        for column in range(across):
            x, y = column * size, row * size
            ground, shape = random.sample(colours, 2)
            draw.rectangle((x, y, x + size + 1, y + size + 1), fill=ground)
            turn = random.randrange(4) * 90
            form = random.random()
            if form < 0.5:
                corner_x, corner_y = x + size * (turn in (90, 180)), y + size * (turn >= 180)
                box = (corner_x - size, corner_y - size, corner_x + size, corner_y + size)
                draw.pieslice(box, turn, turn + 90, fill=shape)
            elif form < 0.75:
                draw.pieslice((x, y, x + size, y + size), turn, turn + 180, fill=shape)
            elif form < 0.9:
                _disc(draw, x + size / 2, y + size / 2, size * 0.3, shape)
    draw.rectangle((0, height * 0.86, width, height), fill=(*palette.near, 235))


def _waveform(draw: ImageDraw, random: Random, palette: Palette, width: int, height: int) -> None:
    draw.rectangle((0, 0, width, height), fill=(*palette.near, 170))
    bars = 41
    gap = width * 0.8 / bars
    for bar in range(bars):
        swell = math.sin((bar + 0.5) / bars * math.pi) ** 0.8
        high = height * 0.3 * swell * random.uniform(0.25, 1) + height * 0.01
        x = width * 0.1 + bar * gap
        colour = blend(palette.sun, palette.horizon, bar / bars)
        draw.rounded_rectangle(
            (x, height / 2 - high, x + gap * 0.56, height / 2 + high), gap * 0.28, fill=colour
        )


_SCENES = (_hills, _hills, _peaks, _sea, _sea, _dunes, _night, _arches, _tiles)
