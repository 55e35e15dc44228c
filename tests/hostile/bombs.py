"""Files that are small in a mail and huge, deep or endless when somebody opens them."""

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import Build, attached, mail, table, top

BOMBS: list[tuple[str, Build]] = [
    (
        "a PNG of 12,000 by 12,000",
        lambda: mail(attached(p.png(12_000, 12_000), b"a.png", b"image/png")),
    ),
    (
        "a PNG that lies about its size",
        lambda: mail(attached(p.png(60_000, 2), b"a.png", b"image/png")),
    ),
    (
        "a GIF of 20,000 frames",
        lambda: mail(attached(p.gif_frames(20_000), b"a.gif", b"image/gif")),
    ),
    ("a cut JPEG", lambda: mail(attached(s.JPEG[:20], b"a.jpg", b"image/jpeg"))),
    (
        "a TIFF that refers to itself",
        lambda: mail(attached(b"II*\0\x08\0\0\0\0\0\x08\0\0\0", b"a.tif", b"image/tiff")),
    ),
    (
        "a PDF with 100,000 objects",
        lambda: mail(
            attached(b"%PDF-1.4\n" + b"1 0 obj\n<<>>\nendobj\n" * 100_000 + b"%%EOF", b"a.pdf")
        ),
    ),
    (
        "a PDF nested deep",
        lambda: mail(
            attached(b"%PDF-1.4\n1 0 obj\n" + b"[" * 500_000 + b"\nendobj\n%%EOF", b"a.pdf")
        ),
    ),
    (
        "a PDF with script and launch",
        lambda: mail(
            attached(
                p.LETTER.replace(
                    b"/Catalog",
                    b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>/AA<</O<</S/Launch/F(cmd)>>>>",
                ),
                b"a.pdf",
            )
        ),
    ),
    ("20 MB of MZ", lambda: mail(attached(b"MZ" * 10_000_000, b"a.dat"))),
    ("20 MB of PK", lambda: mail(attached(b"PK\3\4" * 5_000_000, b"a.pdf"))),
    (
        "20 MB of end records",
        lambda: mail(attached(b"%PDF-1.4\n" + b"PK\5\6" * 5_000_000, b"a.pdf")),
    ),
    (
        "20 MB of DOS headers",
        lambda: mail(attached((b"MZ" + bytes(58) + b"\x40\0\0\0") * 300_000, b"a.dat")),
    ),
    ("20 MB of Rar!", lambda: mail(attached(b"x" + b"Rar!" * 5_000_000, b"a.dat"))),
    ("20 MB of angles", lambda: mail(attached(b"<!" * 10_000_000, b"a.xml"))),
    ("20 MB of zeros", lambda: mail(attached(bytes(20_000_000), b"a.dat"))),
    (
        "an XML of a billion laughs",
        lambda: mail(
            attached(
                b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
                + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(50))
                + b"]><l>&a9;</l>",
                b"a.xml",
                b"text/xml",
            )
        ),
    ),
    (
        "a mail of 20,000 headers as a file",
        lambda: mail(attached(b"From: a@b.test\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx", b"a.eml")),
    ),
    (
        "a mail of 40,000 parts as a file",
        lambda: mail(
            attached(
                top(more=b"Content-Type: multipart/mixed; boundary=q\r\n")
                + b"\r\n"
                + b"--q\r\n\r\nx\r\n" * 40_000,
                b"a.eml",
            )
        ),
    ),
    (
        "a winmail.dat that says 4 GB",
        lambda: mail(
            attached(p.tnef() + b"\2\x0f\x80\6\0\xff\xff\xff\xff" + bytes(50), b"winmail.dat")
        ),
    ),
    (
        "a winmail.dat of 20,000 files",
        lambda: mail(attached(p.tnef(*[p.tnef_file(b"A.TXT", b"x")] * 20_000), b"winmail.dat")),
    ),
    (
        "a docx of 30,000 members",
        lambda: mail(
            attached(
                s.zipped(s.opc_members() | {f"word/media/{n}.txt": b"" for n in range(30_000)}),
                b"a.docx",
            )
        ),
    ),
    (
        "an OLE file whose table is a ring",
        lambda: mail(attached(s.OLE2[:76] + bytes(4 * 109) + bytes(5120), b"a.doc")),
    ),
]

CASES = table("locked and bombs", "any", BOMBS, prefix="bomb: ")
