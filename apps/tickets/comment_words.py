"""Words that a CRM reads, in the *language of comments*: the administrator's choice for the house.

They are of the contract and of no user, so they are not gettext's.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.attachments.models import Verdict
from apps.tickets.pdf.document import PdfWords


@dataclass(frozen=True, slots=True)
class Words:
    """`verdicts` by verdict; `reasons` by the code of a file that was stopped."""

    labels: tuple[str, str, str, str, str, str]
    unassigned: str
    no_address: str
    no_subject: str
    no_text: str
    received: str
    sent: str
    unknown: str
    goes_on: str
    from_: str
    to: str
    cc: str
    date: str
    subject: str
    files: str
    conversation: str
    made: str
    not_yet_checked: str
    verdicts: dict[str, str]
    reasons: dict[str, str]
    pdf: PdfWords


ENGLISH = Words(
    labels=("Sent by", "Received by", "Session ID", "Assigned agent", "Queue", "Subject"),
    unassigned="Unassigned",
    no_address="(no address)",
    no_subject="(no subject)",
    no_text="(no text)",
    received="Email received",
    sent="Email sent",
    unknown="Email sent, but the mail server did not confirm it",
    goes_on="This conversation goes on in another one",
    from_="From",
    to="To",
    cc="Cc",
    date="Date",
    subject="Subject",
    files="Files",
    conversation="Conversation",
    made="Made on %(at)s",
    not_yet_checked="not yet checked",
    verdicts={
        Verdict.CLEAN: "clean",
        Verdict.REFUSED: "refused",
        Verdict.INFECTED: "infected",
        Verdict.WITHHELD: "withheld",
    },
    reasons={
        "type-not-allowed": "this type is not on the list of allowed types",
        "type-denied": "programs and archives are not accepted",
        "content-denied": "its content is a program or an archive",
        "polyglot": "it pretends to be two types at once",
        "encrypted": "password-protected, so nobody could look inside",
        "too-big": "too large or too deeply packed to be checked",
        "unscannable": "the virus scanner could not read it",
    },
    pdf=PdfWords(),
)
SPANISH = Words(
    labels=("Enviado por", "Recibido por", "ID de sesión", "Agente asignado", "Fila", "Asunto"),
    unassigned="Sin asignar",
    no_address="(sin dirección)",
    no_subject="(sin asunto)",
    no_text="(sin texto)",
    received="Correo recibido",
    sent="Correo enviado",
    unknown="Correo enviado, pero el servidor de correo no lo confirmó",
    goes_on="Esta conversación continúa en otra",
    from_="De",
    to="Para",
    cc="Cc",
    date="Fecha",
    subject="Asunto",
    files="Archivos",
    conversation="Conversación",
    made="Creado el %(at)s",
    not_yet_checked="aún sin revisar",
    verdicts={
        Verdict.CLEAN: "limpio",
        Verdict.REFUSED: "rechazado",
        Verdict.INFECTED: "infectado",
        Verdict.WITHHELD: "retenido",
    },
    reasons={
        "type-not-allowed": "este tipo no está en la lista de tipos permitidos",
        "type-denied": "no se aceptan programas ni archivos comprimidos",
        "content-denied": "su contenido es un programa o un archivo comprimido",
        "polyglot": "se hace pasar por dos tipos a la vez",
        "encrypted": "protegido con contraseña, nadie pudo mirar dentro",
        "too-big": "demasiado grande o demasiado empaquetado para revisarlo",
        "unscannable": "el antivirus no pudo leerlo",
    },
    pdf=PdfWords(
        session="ID de sesión",
        ticket="Ticket",
        messages="Mensajes",
        created="Creado",
        sender="De",
        to="Para",
        cc="Cc",
        files="Archivos",
        no_subject="Sin asunto",
        no_text="Este mensaje no tiene texto.",
        open="Abrir este mensaje",
        picture="Imagen no mostrada",
        cut="El resto de este mensaje se omite aquí. Abra el mensaje para leerlo entero.",
        page="Página %(page)s de %(pages)s",
        plain="%(count)s de %(messages)s mensajes se muestran como texto simple. %(why)s",
        too_slow="Maquetarlos tardó demasiado.",
        too_heavy="Maquetarlos necesitó demasiada memoria.",
        broken="No se pudieron maquetar.",
    ),
)
LANGUAGES = {"en": ENGLISH, "es": SPANISH}


def verdict_words(words: Words, verdict: str, reason: str) -> str:
    """`clean`, or `refused: programs and archives are not accepted`, or `not yet checked`."""
    said = words.verdicts.get(verdict)
    if said is None:
        return words.not_yet_checked
    if verdict == Verdict.CLEAN or not reason:
        return said
    # A virus is called by its name, and a code that has no words still says more than nothing.
    known = (
        reason.partition(":")[2] if reason.startswith("infected:") else words.reasons.get(reason)
    )
    return f"{said}: {known or reason}"


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """The same in every language: `2026-01-31 14:05 +0100`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %z}"


def size_words(size: int) -> str:
    """As people count: `812 B`, `3.4 kB`, `12 MB`."""
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"
