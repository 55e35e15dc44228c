"""What the child does with a picture: decode, shrink, encode. The decoders load only there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

HEAD = 100  # bytes of the order before the content
FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "WEBP")
ROOM = 190 * 2**20  # for the pixels and the bytes they come from
MOST_FRAMES = 300
MOST_FRAME_PIXELS = 25_000_000  # of all frames together; beyond, the first frame stands alone
MOST_PAGES = 2000  # are counted
STRIP = 4  # times LONGEST, for what is long and narrow
SMALL = 400_000  # pixels: logos and icons, kept without loss

_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF to Pillow's Transpose


@dataclass(frozen=True, slots=True)
class Drawn:
    content: bytes
    width: int
    height: int
    pages: int = 1


class NotThis(Exception):
    """Its only argument is a code of pictures.SENTENCES."""


def before_walls() -> None:
    """Loads the decoders while that is still allowed."""
    for decoder in ("Gif", "Jpeg", "Png", "Tiff", "WebP"):
        import_module(f"PIL.{decoder}ImagePlugin")


def draw(packed: bytes) -> Drawn | str:
    """The picture, or the code of a reason."""
    return answered(_picture, packed)


def answered(make: Callable[[bytes, int, int], Drawn], packed: bytes) -> Drawn | str:
    order = json.loads(packed[:HEAD])
    try:
        return make(packed[HEAD:], order["page"], order["longest"])
    except NotThis as reason:
        return str(reason)
    except MemoryError:
        return "too-large"
    except PermissionError:
        raise
    except Exception:  # the rim: decoders raise whatever they like
        return "broken"


def _picture(content: bytes, number: int, longest: int) -> Drawn:
    image = _opened(content)
    pages = 1
    if image.format == "TIFF":
        pages = _pages_of_tiff(image, number)
    elif number > 1:
        raise NotThis("no-such-page")
    if image.format in ("GIF", "WEBP") and (moving := _animation(image, longest)):
        return moving
    return encoded(_shrunk(image, longest, len(content)), image.format == "JPEG", pages)


def _opened(content: bytes) -> Image:
    """The header only: nothing is decoded yet."""
    from PIL import Image, ImageFile, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # we count what the pixels cost, not how many they are
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise NotThis("not-a-picture") from error
    # Photos are often cut by bad lines; mail readers show what is there.
    ImageFile.LOAD_TRUNCATED_IMAGES = image.format == "JPEG"
    if min(image.size) < 1:
        raise NotThis("broken")
    return image


def _shrunk(image: Image, longest: int, loaded: int) -> Image:
    """As it is meant to be seen: upright, in colours that browsers know."""
    from PIL import Image

    wanted = _fitting(image.size, longest)
    if image.format == "JPEG":
        image.draft("RGB", wanted)  # decodes an eighth of a huge photo right away
    if _cost(image) > ROOM - 3 * loaded:
        raise NotThis("too-large")
    image.load()
    turn = _TURNS.get(_orientation(image))  # only now: of a PNG, asking decodes it
    small = _plain(image, wanted)
    if small.size != wanted:
        small = small.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small if turn is None else small.transpose(Image.Transpose(turn))


def _fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    width, height = size
    by_side = STRIP * longest / max(size)
    by_area = (longest * longest / (width * height)) ** 0.5
    scale = min(1.0, by_side, max(by_area, longest / max(size)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _cost(image: Image) -> int:
    """Bytes in Pillow's memory, with the copy that other colours need."""
    width, height = image.size
    each = {"1": 1, "L": 1, "P": 5, "PA": 8, "LA": 8, "I;16": 3}.get(image.mode, 4)
    if image.mode in ("CMYK", "YCbCr", "LAB", "I", "F"):
        each = 8
    return width * height * each


def _plain(image: Image, wanted: tuple[int, int]) -> Image:
    """RGB, RGBA or L; huge ones of few colours are thinned out first."""
    if image.mode in ("1", "L", "RGB", "RGBA"):
        return image.convert("L") if image.mode == "1" else image
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("RGB")


def _orientation(image: Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # the rim: a broken side note must not hide the picture
        return 1


def _pages_of_tiff(image: Image, number: int) -> int:
    """Goes to the page; counts the rest as far as a fax may go."""
    count = 0
    for place in range(MOST_PAGES):
        try:
            image.seek(place)
        except EOFError:
            break
        count = place + 1
    wanted = max(number, 1)
    if wanted > count:
        raise NotThis("no-such-page")
    image.seek(wanted - 1)
    return count


def encoded(image: Image, photo: bool, pages: int) -> Drawn:
    image.info.clear()  # comments and profiles would be written again
    out = BytesIO()
    if photo and image.mode in ("L", "RGB"):
        image.save(out, "JPEG", quality=85, optimize=False)
    elif image.width * image.height <= SMALL:
        image.save(out, "PNG")
    else:
        image.save(out, "WEBP", quality=85, method=2)
    return Drawn(out.getvalue(), image.width, image.height, pages)


def _animation(image: Image, longest: int) -> Drawn | None:
    """All frames when they are few and small; None for a still picture or too much of it."""
    from PIL.Image import Resampling

    if not getattr(image, "is_animated", False):
        return None
    most = min(MOST_FRAMES, MOST_FRAME_PIXELS // (image.width * image.height))
    wanted = _fitting(image.size, longest)
    frames: list[Image] = []
    times: list[int] = []
    while len(frames) <= most:
        try:
            image.seek(len(frames))
            frame = image.convert("RGBA")
            frame.info.clear()
        except EOFError:
            break
        frames.append(frame if frame.size == wanted else frame.resize(wanted, Resampling.BILINEAR))
        times.append(max(20, min(int(image.info.get("duration") or 100), 60_000)))
    if not 1 < len(frames) <= most:
        image.seek(0)
        return None
    out = BytesIO()
    frames[0].save(
        out, "WEBP", save_all=True, append_images=frames[1:], duration=times,
        loop=image.info.get("loop", 0), quality=80, method=0,
    )  # fmt: skip
    return Drawn(out.getvalue(), *wanted)
