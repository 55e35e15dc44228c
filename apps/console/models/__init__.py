"""What the console keeps for people: reading marks, who is looking, replies at hand, signatures."""

from apps.console.models.canned import CannedReply
from apps.console.models.marks import ReadMark
from apps.console.models.signatures import Signature
from apps.console.models.viewing import Viewing

__all__ = ["CannedReply", "ReadMark", "Signature", "Viewing"]
