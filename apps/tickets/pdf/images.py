"""Pictures of a message as the small HTML shows them: decoded, shrunk and encoded once more.

Only the bytes that came with the document are ever drawn; what an <img> names is a key into them.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from apps.tickets.pdf.document import PdfMessage, PdfPicture
from apps.tickets.pdf.tree import Node
from apps.tickets.pdf.walk import Drawn

MOST_PICTURES = 40  # shown in one message, repeated ones included
MOST_BYTES = 12 * 2**20  # of one as it is given
MOST_PIXELS = 16_000_000
LONGEST = 1100  # pixels: 170 mm at 160 dots an inch
SMALL = 40_000  # pixels; kept without loss
WIDEST, TALLEST = 470.0, 560.0  # points
WIDEST_IN_TABLE, TALLEST_IN_TABLE = 90.0, 120.0
LINE = 20.0  # points; what is lower stands in the line
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class _Ready:
    address: str  # data:
    width: float  # points at 96 pixels an inch
    height: float


@dataclass(slots=True)
class Pictures:
    message: PdfMessage
    missing: str  # words
    shown: int = 0
    used: set[str] = field(default_factory=set)
    _ready: dict[str, _Ready | None] = field(default_factory=dict)

    def draw(self, node: Node, in_table: bool) -> Drawn:
        picture = self._named(node.attributes.get("src", ""))
        if picture and self.shown < MOST_PICTURES and (ready := self._made(picture)):
            self.shown += 1
            self.used.add(picture.key)
            wanted = (node.number("width") * 0.75, node.number("height") * 0.75)
            return _element(ready, wanted, in_table)
        words = " ".join(node.attributes.get("alt", "").split())
        if not words or not picture:  # spacers and counters of newsletters say nothing
            return Drawn(words=f"[{words}]" if words else "")
        return Drawn(words=f"[{self.missing}: {words}]")

    def rest(self) -> str:
        """Pictures that the text does not name stand below it."""
        left = [one for one in self.message.pictures if one.key not in self.used]
        drawn = [self.draw(Node("img", {"src": one.key}), False).html for one in left]
        return "".join(f'<p class="picture gap">{one}</p>' for one in drawn if one)

    def _named(self, source: str) -> PdfPicture | None:
        key = _bare(source)
        return next((one for one in self.message.pictures if key and _bare(one.key) == key), None)

    def _made(self, picture: PdfPicture) -> _Ready | None:
        if picture.key not in self._ready:
            self._ready[picture.key] = _encoded(picture.content)
        return self._ready[picture.key]


def _bare(key: str) -> str:
    key = key.strip()
    key = key[4:] if key[:4].lower() == "cid:" else key
    return key.strip("<>")


def _encoded(content: bytes) -> _Ready | None:
    """None for what is no picture or too large a one."""
    if len(content) > MOST_BYTES:
        return None
    try:
        image = Image.open(BytesIO(content), formats=_FORMATS)
        width, height = image.size
        if not 0 < width * height <= MOST_PIXELS:
            return None
        flat = _on_white(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    flat.thumbnail((LONGEST, LONGEST))
    out = BytesIO()
    kind = "png" if flat.width * flat.height <= SMALL else "jpeg"
    flat.save(out, kind.upper(), **({"quality": 82} if kind == "jpeg" else {}))
    address = f"data:image/{kind};base64,{b64encode(out.getvalue()).decode()}"
    return _Ready(address, width * 0.75, height * 0.75)


def _on_white(image: Image.Image) -> Image.Image:
    """Paper shows nothing through."""
    if not image.has_transparency_data:
        return image.convert("L" if image.mode in ("1", "L") else "RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGB", clear.size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    return white


def _element(ready: _Ready, wanted: tuple[float, float], in_table: bool) -> Drawn:
    """As large as the mail wants it, and no larger than paper or its own pixels allow."""
    width, height = ready.width, ready.height
    if wanted[0]:
        scale = wanted[0] / width
    elif wanted[1]:
        scale = wanted[1] / height
    else:
        scale = 1.0
    widest, tallest = (WIDEST_IN_TABLE, TALLEST_IN_TABLE) if in_table else (WIDEST, TALLEST)
    scale = max(min(scale, 1.5, widest / width, tallest / height), 1 / max(width, height))
    width, height = width * scale, height * scale
    html = f'<img src="{ready.address}" width="{width:.1f}pt" height="{height:.1f}pt"/>'
    return Drawn(html=html, is_small=height <= LINE or in_table)
