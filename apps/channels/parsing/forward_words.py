"""The words by which a mail says that it passes on another one: one row, one language.

What stands above a passed-on mail and its header's names are in `core/quote_words.py`, since
answers quote with the same ones; here is what marks a forward alone. Small letters throughout.
"""

from apps.core.quote_words import DATE, FIELD_KINDS, FROM, SUBJECT, TO

# What programs put before the subject.
PREFIXES: dict[str, str] = {
    "English": "fwd|fw|forward|forwarded",
    "Arabic": "إعادة توجيه|تحويل|محول",
    "Catalan": "rv|reenv|reenviat",
    "Chinese": "转发|转寄|轉寄|轉發",
    "Croatian": "proslijeđeno|prosl",
    "Czech": "předáno|přeposláno|přepo",
    "Danish": "vs|vidsnd|videresendt",
    "Dutch": "doorst|doorgest|dsn",
    "Estonian": "edasi|es",
    "Finnish": "vl|välitetty|edelleenlähetetty",
    "French": "tr|transf|réexp|trans",
    "German": "wg|weitergel|weiterleitung",
    "Greek": "πρθ|προωθ|πρ",
    "Hebrew": "הועבר|העברה",
    "Hungarian": "továbbítás|továbbítva|tovább|tov",
    "Icelandic": "fs|framsent|áframsent",
    "Indonesian": "trs|teruskan|diteruskan",
    "Italian": "i|inol|inoltrato",
    "Japanese": "転送",
    "Korean": "전달",
    "Latvian": "pārs|pārsūtīts",
    "Lithuanian": "pers|persiųsta",
    "Norwegian": "vs|videresendt",
    "Polish": "pd|przekazano|podaj dalej",
    "Portuguese": "enc|encaminhado|reenc",
    "Romanian": "redirecționat|red",
    "Russian": "пересл|пер|переслано",
    "Slovak": "preposlané|preposl",
    "Slovenian": "posr|posredovano",
    "Spanish": "rv|reenv|reenviado",
    "Swedish": "vb|vidarebefordrat",
    "Thai": "ส่งต่อ",
    "Turkish": "ilt|ynl|iletilen",
    "Ukrainian": "перес|переслано",
    "Vietnamese": "chuyển tiếp|ct",
}

# Part of a line that says so, where the words of the line as a whole are not known.
STEMS = (
    "forward,weitergeleitet,weiterleit,reenviad,reenviat,transféré,réexpédi,inoltrat,doorgestuurd"
    ",doorgezonden,encaminhad,reencaminhad,vidarebefordra,videresend,vidaresend,áframsen,välitet"
    ",edelleenlähet,przekazan,przekazywan,przesłan,přeposl,předan,preposl,továbbít,redirecțion"
    ",proslijeđen,prosleđen,prosljeđen,прослеђен,posredovan,пересыла,пересла,переадрес,пересила"
    ",препратен,препраща,προωθ,iletil,yönlendir,edastat,pārsūtī,persių,הועבר,מועבר,توجيه,تحويل"
    ",هدایت,chuyển tiếp,diteruskan,ส่งต่อ,转发,轉寄,轉發,転送,전달"
).split(",")

# Names of header fields beyond those of quote_words.
_MORE = {
    FROM: "remitent|saatja|nuo|no|frá|подател|од|šalje|pošiljatelj|odesílatel|odosielateľ|küldte"
    "|отправитель|відправник|المرسل|فرستنده|발신자|보내는 사람|daripada|送信元|发信人|发送人",
    DATE: "kuupäev|saadetud|datums|nosūtīts|date et heure|sent at|enviat|dagsetning|sent þann"
    "|датум|послато|datum i vrijeme|čas|tid|tidspunkt|시간|보낸시간",
    TO: "kellele|saaja|kam|uz|destinatari|prejemnik|primatelj|прима|за|수신자|받는이",
    SUBJECT: "teema|temats|tēma|naslov|наслов|tilfni",
}
FIELDS = FIELD_KINDS | {
    name: kind
    for kind, names in _MORE.items()
    for name in names.split("|")
    if name not in FIELD_KINDS
}
