"""Viruses, locked files and bombs: what the scanner finds, or must not be trusted with."""

import gzip

from apps.attachments import probes
from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    Build,
    Case,
    attached,
    based,
    coded_file,
    forwarded,
    html_part,
    mail,
    multipart,
    part,
    table,
    text_part,
    top,
    uuencoded,
)
from tests.hostile.inner_mails import inner

INFECTED: list[tuple[str, Build]] = [
    ("plain", lambda: mail(attached(p.virus(), b"eicar.com"))),
    ("renamed", lambda: mail(attached(p.virus(), b"letter.pdf", b"application/pdf"))),
    ("as a text", lambda: mail(attached(p.virus(), b"a.txt", b"text/plain"))),
    (
        "as a picture in the text",
        lambda: mail(
            part(p.virus(), b"Content-Type: image/png", b"Content-ID: <a@b>"), kind=b"related"
        ),
    ),
    ("without a name", lambda: mail(part(p.virus(), b"Content-Type: application/octet-stream"))),
    ("odd lines", coded_file(b"base64", based(p.virus(), 7))),
    (
        "quoted-printable",
        coded_file(b"quoted-printable", b"".join(b"=%02X" % one for one in p.virus())),
    ),
    ("uuencoded part", coded_file(b"x-uuencode", uuencoded(p.virus()))),
    ("in tar.gz", lambda: mail(attached(gzip.compress(s.tarred({"a": p.virus()})), b"a.tar.gz"))),
    ("in gz", lambda: mail(attached(gzip.compress(p.virus()), b"a.gz"))),
    ("in tar", lambda: mail(attached(s.tarred({"a": p.virus()}), b"a.tar"))),
    ("in docx", lambda: mail(attached(p.infected_docx(), b"a.docx"))),
    ("in odt", lambda: mail(attached(p.infected_odt(), b"a.odt"))),
    ("in a forwarded mail", lambda: mail(forwarded(inner(p.virus())))),
    ("in a forwarded mail, base64", lambda: mail(forwarded(inner(p.virus()), coded=True))),
    ("in an eml file", lambda: mail(attached(inner(p.virus()), b"old.eml"))),
    (
        "in winmail.dat",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", p.virus())), b"winmail.dat")),
    ),
    (
        "beside a clean one, at once",
        lambda: mail(attached(p.virus(), b"b.pdf"), attached(p.virus() + b"\n", b"c.pdf")),
    ),
    (
        "alternative part",
        lambda: (
            top()
            + multipart(
                (text_part(), html_part("x"), part(p.virus(), b"Content-Type: text/calendar")),
                b"alternative",
            )
        ),
    ),
    (
        "as the only body",
        lambda: (
            top(more=b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            + based(p.virus())
        ),
    ),
]

WITHHELD: list[tuple[str, Build]] = [
    ("encrypted pdf", lambda: mail(attached(p.encrypted_pdf(), b"a.pdf"))),
    ("forty layers of gzip", lambda: mail(attached(probes.nested(), b"a.gz"))),
    ("150 MB of nothing in gzip", lambda: mail(attached(p.gzip_of(150 * 2**20), b"a.gz"))),
    ("encrypted zip in tar", lambda: mail(attached(s.tarred({"a": p.encrypted_zip()}), b"a.tar"))),
    (
        "encrypted zip in docx",
        lambda: mail(
            attached(
                s.zipped(
                    s.opc_members() | {"word/embeddings/a.dat": p.encrypted_zip()}, stored=False
                ),
                b"a.docx",
            )
        ),
    ),
]


CASES = [
    *table("viruses", "infected", INFECTED, prefix="virus "),
    *table("locked and bombs", "withheld", WITHHELD, prefix="withheld "),
    Case(
        "virus beside a clean file",
        "viruses",
        lambda: mail(attached(p.LETTER), attached(p.virus(), b"b.pdf")),
        "infected",
        innocent=1,
    ),
]
