"""Short real films and sounds that browsers play, one for every kind of video and audio item.

A clip is a few seconds long whatever duration its item states. The films show a sunrise over
hills; they were drawn and encoded for this project (H.264 baseline with AAC; MP3 and AAC sound).
"""

import io
import math
import struct
import wave
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "clips"
_CHORD_HZ = (196.0, 246.94, 293.66)


@lru_cache(maxsize=8)
def make_clip(content_type: str, width: int, height: int) -> bytes | None:
    """A clip of this MIME type in about this shape, or None for a type there is no clip of."""
    if content_type == "video/mp4":
        shape = "wide" if width > height * 1.1 else "tall" if height > width * 1.1 else "square"
        return (_FOLDER / f"{shape}.mp4").read_bytes()
    if content_type == "audio/mpeg":
        return (_FOLDER / "chord.mp3").read_bytes()
    if content_type == "audio/mp4":
        return (_FOLDER / "chord.m4a").read_bytes()
    if content_type == "audio/wav":
        return _make_wave()
    return None


def _make_wave(seconds: float = 3, rate: int = 11_025) -> bytes:
    samples = bytearray()
    for number in range(int(seconds * rate)):
        at = number / rate
        swell = math.sin(math.pi * at / seconds) * 2200
        samples += struct.pack("<h", int(swell * sum(math.sin(math.tau * hz * at) for hz in _CHORD_HZ)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(samples))
    return file.getvalue()
