"""Forwarded mails as data: how programs of many languages write them, one row a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape

WRITER = ("Ana María Ruiz", "ana.ruiz@customer.example")


@dataclass(frozen=True, slots=True)
class Language:
    name: str
    prefix: str  # of the subject
    mark: str  # above the mail, as Apple's program writes it
    labels: tuple[str, str, str, str]  # from, date, to, subject


LANGUAGES = [
    Language("English", "FW", "Begin forwarded message:", ("From", "Sent", "To", "Subject")),
    Language(
        "German",
        "WG",
        "Anfang der weitergeleiteten Nachricht:",
        ("Von", "Gesendet", "An", "Betreff"),
    ),
    Language("French", "TR", "Début du message réexpédié :", ("De", "Envoyé", "À", "Objet")),
    Language(
        "Spanish", "RV", "Inicio del mensaje reenviado:", ("De", "Enviado el", "Para", "Asunto")
    ),
    Language("Italian", "I", "Inizio messaggio inoltrato:", ("Da", "Inviato", "A", "Oggetto")),
    Language(
        "Portuguese", "ENC", "Início da mensagem encaminhada:", ("De", "Enviado", "Para", "Assunto")
    ),
    Language(
        "Dutch", "Doorst", "Begin doorgestuurd bericht:", ("Van", "Verzonden", "Aan", "Onderwerp")
    ),
    Language(
        "Polish", "PD", "Początek przekazywanej wiadomości:", ("Od", "Wysłano", "Do", "Temat")
    ),
    Language("Swedish", "VB", "Vidarebefordrat brev:", ("Från", "Skickat", "Till", "Ämne")),
    Language("Danish", "VS", "Start på videresendt besked:", ("Fra", "Sendt", "Til", "Emne")),
    Language("Norwegian", "VS", "Videresendt melding:", ("Fra", "Sendt", "Til", "Emne")),
    Language(
        "Finnish",
        "VL",
        "Välitetty viesti alkaa:",
        ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    ),
    Language("Czech", "FW", "Začátek přeposlané zprávy:", ("Od", "Odesláno", "Komu", "Předmět")),
    Language("Slovak", "FW", "Začiatok preposlanej správy:", ("Od", "Odoslané", "Komu", "Predmet")),
    Language(
        "Hungarian", "Tov", "Továbbított levél kezdete:", ("Feladó", "Elküldve", "Címzett", "Tárgy")
    ),
    Language(
        "Romanian",
        "FW",
        "Începutul mesajului redirecționat:",
        ("De la", "Data", "Către", "Subiect"),
    ),
    Language(
        "Croatian", "FW", "Započni proslijeđenu poruku:", ("Šalje", "Poslano", "Prima", "Predmet")
    ),
    Language(
        "Slovenian", "FW", "Začetek posredovanega sporočila:", ("Od", "Poslano", "Za", "Zadeva")
    ),
    Language(
        "Russian",
        "FW",
        "Начало переадресованного сообщения:",
        ("От", "Отправлено", "Кому", "Тема"),
    ),
    Language(
        "Ukrainian", "FW", "Початок листа, що пересилається:", ("Від", "Надіслано", "Кому", "Тема")
    ),
    Language(
        "Bulgarian", "FW", "Начало на препратено съобщение:", ("От", "Изпратено", "До", "Относно")
    ),
    Language("Greek", "ΠΡΘ", "Αρχή προωθημένου μηνύματος:", ("Από", "Στάλθηκε", "Προς", "Θέμα")),
    Language(
        "Turkish", "İLT", "İletilen ileti başlangıcı:", ("Kimden", "Gönderildi", "Kime", "Konu")
    ),
    Language("Hebrew", "הועבר", "תחילת ההודעה שהועברה:", ("מאת", "נשלח", "אל", "נושא")),
    Language(
        "Arabic",
        "إعادة توجيه",
        "بداية الرسالة المعاد توجيهها:",
        ("من", "تم الإرسال", "إلى", "الموضوع"),
    ),
    Language("Japanese", "転送", "転送されたメッセージ:", ("差出人", "送信日時", "宛先", "件名")),
    Language("Korean", "전달", "전달된 메시지:", ("보낸 사람", "보낸 날짜", "받는 사람", "제목")),
    Language("Chinese", "转发", "开始转发的邮件:", ("发件人", "发送时间", "收件人", "主题")),
    Language("Taiwan", "轉寄", "開始轉寄郵件:", ("寄件者", "寄件日期", "收件者", "主旨")),
    Language(
        "Vietnamese",
        "Chuyển tiếp",
        "Bắt đầu thư được chuyển tiếp:",
        ("Từ", "Đã gửi", "Đến", "Chủ đề"),
    ),
    Language(
        "Indonesian", "Trs", "Mulai pesan yang diteruskan:", ("Dari", "Dikirim", "Kepada", "Subjek")
    ),
    Language("Thai", "ส่งต่อ", "เริ่มต้นข้อความที่ส่งต่อ:", ("จาก", "ส่ง", "ถึง", "เรื่อง")),
    Language("Catalan", "RV", "Inici del missatge reenviat:", ("De", "Data", "Per", "Assumpte")),
    Language("Estonian", "FW", "Edastatud kiri:", ("Saatja", "Saadetud", "Saaja", "Teema")),
    Language("Lithuanian", "FW", "Persiųstas laiškas:", ("Nuo", "Išsiųsta", "Kam", "Tema")),
    Language("Latvian", "FW", "Pārsūtītā ziņa:", ("No", "Nosūtīts", "Kam", "Tēma")),
    Language("Icelandic", "FS", "Áframsend skilaboð:", ("Frá", "Sent", "Til", "Efni")),
    Language("Serbian", "FW", "Прослеђена порука:", ("Од", "Датум", "За", "Наслов")),
]

VALUES = (f"{WRITER[0]} <{WRITER[1]}>", "1. 9. 2025 10:15", "helper@agents.example", "Pedido 7")


def outlook_text(one: Language) -> EmailMessage:
    head = [f"{label}: {value}" for label, value in zip(one.labels, VALUES, strict=True)]
    lines = [
        "Kannst du das ansehen? / Can you look?",
        "",
        "Bo",
        "",
        *head,
        "",
        "Hello, where is it?",
    ]
    return _mail(f"{one.prefix}: Pedido 7", "\n".join(lines))


def outlook_html(one: Language) -> EmailMessage:
    head = "<br>".join(
        f"<b>{label}:</b> {escape(value)}" for label, value in zip(one.labels, VALUES, strict=True)
    )
    page = (
        "<style>p.MsoNormal {margin:0cm}</style><div class=WordSection1>"
        "<p class=MsoNormal>Look, please.<o:p></o:p></p><div style='border-top:solid #E1E1E1 1pt'>"
        f"<p class=MsoNormal>{head}</p></div><p class=MsoNormal>Hello</p></div>"
    )
    return _mail(f"{one.prefix}: Pedido 7", "", page)


def apple(one: Language) -> EmailMessage:
    """In the middle of a mail whose subject was typed anew: the first words tell."""
    sender, date, to, subject = one.labels
    order = [(sender, 0), (subject, 3), (date, 1), (to, 2)]
    head = [f"> {label}: {VALUES[at]}" for label, at in order]
    return _mail("Pedido", "\n".join(["", one.mark, "", *head, "> ", "> Hello", "> Ana"]))


def gmail(one: Language) -> EmailMessage:
    sender, date, to, subject = one.labels
    page = (
        '<div dir="ltr">See below<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f"---------- Forwarded message ---------<br>{sender}: "
        f'<strong class="gmail_sendername" dir="auto">{WRITER[0]}</strong> <span dir="auto">&lt;'
        f'<a href="mailto:{WRITER[1]}">{WRITER[1]}</a>&gt;</span><br>{date}: {VALUES[1]}<br>'
        f"{subject}: {VALUES[3]}<br>{to}:  &lt;{VALUES[2]}&gt;<br></div><br><br>Hello</div></div>"
    )
    return _mail("Fwd: Pedido 7", "", page)


def thunderbird(one: Language) -> EmailMessage:
    sender, date, to, subject = one.labels
    order = [(subject, 3), (date, 1), (sender, 0), (to, 2)]
    rows = "".join(
        f'<tr><th valign="BASELINE" align="RIGHT" nowrap="nowrap">{label}: </th>'
        f"<td>{escape(VALUES[at])}</td></tr>"
        for label, at in order
    )
    mark = f"<br>-------- {one.mark.rstrip(' :')} --------"
    page = (
        f'<p>FYI</p><div class="moz-forward-container">{mark}'
        f'<table class="moz-email-headers-table"><tbody>{rows}</tbody></table><br>Hello</div>'
    )
    return _mail("Fwd: Pedido 7", "", page)


def answer(one: Language) -> EmailMessage:
    """The same header under an answer tells of no forward."""
    mail = outlook_text(one)
    mail.replace_header("Subject", "Re: Pedido 7")
    return mail


PROGRAMS = [outlook_text, outlook_html, apple, gmail, thunderbird]


def cases() -> Iterator[tuple[str, bytes]]:
    for language in LANGUAGES:
        for program in PROGRAMS:
            yield f"{language.name}-{program.__name__}", bytes(program(language))


def _mail(subject: str, text: str, page: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Bo Helper <helper@agents.example>"
    mail["To"] = "support@carteria.test"
    mail["Subject"] = subject
    mail["Message-ID"] = "<f1@agents.example>"
    if page:
        mail.set_content(page, subtype="html")
    else:
        mail.set_content(text)
    return mail


# ---- odd ones -------------------------------------------------------------------------------

# Subject and text; then whom it names, or nobody.
ODD: dict[str, tuple[str, str, tuple[str, str] | None]] = {
    "a name with a comma, as Exchange writes it": (
        "FW: x",
        "From: Ruiz, Ana [mailto:ana@c.example]\nSent: Monday\nTo: Bo\nSubject: x\n\nHi",
        ("Ruiz, Ana", "ana@c.example"),
    ),
    "an address alone, twice": (
        "Fwd: x",
        "From: ana@c.example <ana@c.example>\nDate: Monday\nTo: bo@d.example\nSubject: x",
        ("", "ana@c.example"),
    ),
    "bold names in the text part": (
        "Fwd: x",
        "*From:* Ana <ana@c.example>\n*Sent:* Monday\n*To:* Bo\n*Subject:* x\n\nHi",
        ("Ana", "ana@c.example"),
    ),
    "a folded name": (
        "FW: x",
        "From: Ana María Ruiz de la Fuente\n <ana@c.example>\nSent: Monday\nTo: Bo\nSubject: x",
        ("Ana María Ruiz de la Fuente", "ana@c.example"),
    ),
    "Yahoo on a telephone": (
        "Fw: x",
        "Sent from my phone\n\n----- Forwarded Message -----\n From: Ana <ana@c.example>"
        "To: bo@d.example <bo@d.example>\nSent: Monday\nSubject: x\nHi".replace(">To", ">\nTo"),
        ("Ana", "ana@c.example"),
    ),
    "Notes": (
        "Fw: x",
        "----- Forwarded by Bo Helper/ACME on 01/09/2025 10:15 -----\n\n"
        'From:   "Ana" <ana@c.example>\nTo:     bo@d.example\nDate:   01/09/2025\nSubject: x\n',
        ("Ana", "ana@c.example"),
    ),
    "the mark of Mozilla's first days": (
        "[Fwd: x]",
        "-------- Original Message --------\nSubject: x\nDate: Monday\nFrom: Ana <ana@c.example>"
        "\nTo: bo@d.example\n\nHi",
        ("Ana", "ana@c.example"),
    ),
    "a forward of a forward names who wrote last": (
        "FW: Fwd: x",
        "From: Cy <cy@d.example>\nSent: Monday\nTo: Bo\nSubject: Fwd: x\n\nSee\n\n"
        "---------- Forwarded message ---------\nFrom: Ana <ana@c.example>\nDate: Sunday",
        ("Cy", "cy@d.example"),
    ),
    "marks of direction around the field": (
        "הועבר: x",
        "\u200fמאת: \u200eAna <ana@c.example>\u200e\nנשלח: x\nאל: y\nנושא: z\n",
        ("Ana", "ana@c.example"),
    ),
    "an unknown language, below known words": (
        "Fwd: x",
        "---------- Forwarded message ---------\nKutoka: Ana <ana@c.example>\nTarehe: Jumatatu",
        ("Ana", "ana@c.example"),
    ),
    "no address within a company": (
        "FW: x",
        "From: Ana Ruiz\nSent: Monday\nTo: Bo Helper\nSubject: x\n\nwrite to other@c.example",
        None,
    ),
    "an answer to a forward": (
        "Re: Fwd: x",
        "Thanks\n\n---------- Forwarded message ---------\nFrom: Ana <ana@c.example>\nDate: x",
        None,
    ),
    "a forward only spoken of": ("Fwd: x", "I forward this to ana@c.example: please help.", None),
    "one field alone": ("FW: x", "From: now on write to ana@c.example\n\nHi", None),
    "an answer in Finnish": (
        "VS: x",
        "Kiitos\n\nLähettäjä: Ana <ana@c.example>\nLähetetty: ma\nVastaanottaja: Bo\nAihe: x\n",
        None,
    ),
    "an answer in English with Outlook's header": (
        "RE: x",
        "Thanks\n\nFrom: Ana <ana@c.example>\nSent: Monday\nTo: Bo\nSubject: x\n",
        None,
    ),
    "Original Message without a word in the subject": (
        "Question",
        "-----Original Message-----\nFrom: Ana <ana@c.example>\nSent: Monday\nTo: Bo\nSubject: x",
        None,
    ),
}
