"""The words by which mail programs introduce what they quote, as tables: one row, one language.

Small letters throughout. New rows need no code: a row of ATTRIBUTIONS serves every place and order
of date, name and verb; names of header fields serve Outlook's blocks, whatever their order.
"""

# What may stand before the date, and the word for writing.
ATTRIBUTIONS: dict[str, tuple[str, str]] = {
    "English": ("on|at|in message|in article", "wrote|writes|said|says|sent"),
    "Spanish": ("el|en|con fecha", "escribió|escribio|escribe"),
    "Catalan": ("el|en", "va escriure|ha escrit"),
    "German": ("am|im", "schrieb|schrieben|geschrieben|schreibt"),
    "French": ("le|en date du", "a écrit|à écrit|a ecrit|écrit|nous a dit|écrivait"),
    "Italian": ("il|in data|in date", "ha scritto|scritto|scrive"),
    "Portuguese": ("em|a|no dia", "escreveu|escreve"),
    "Dutch": ("op", "schreef|geschreven|verzond|schrijft"),
    "Polish": ("w dniu|dnia", "napisał|napisała|napisał(a)|pisze|nadesłał"),
    "Swedish": ("den", "skrev|skriver"),
    "Norwegian": ("den|på", "skrev|skreiv"),
    "Danish": ("den|d.", "skrev"),
    "Finnish": ("", "kirjoitti|kirjoittaa"),
    "Icelandic": ("þann", "skrifaði|ritaði"),
    "Russian": ("", "написал|написала|написал(а)|написали|пишет|писал|писала"),
    "Ukrainian": ("", "написав|написала|написав(ла)|пише|писав"),
    "Bulgarian": ("на", "написа"),
    "Serbian": ("", "је написао|је написала|је написао/ла"),
    "Czech": ("dne", "napsal|napsala|napsal(a)|píše|napsali"),
    "Slovak": ("dňa", "napísal|napísala|napísal(a)"),
    "Hungarian": ("", "ezt írta|írta|írja|a következőt írta"),
    "Romanian": ("în|in|pe", "a scris"),
    "Croatian": ("dana", "napisao je|napisala je|je napisao|je napisala|piše"),
    "Slovenian": ("v|dne", "je napisal|je napisala|napisal|napisala"),
    "Lithuanian": ("", "rašė|parašė"),
    "Latvian": ("", "rakstīja"),
    "Estonian": ("kuupäev", "kirjutas"),
    "Turkish": ("", "şunu yazdı|yazdı|şunları yazdı|yazmış"),
    "Greek": ("στις|την", "έγραψε|έγραψαν"),
    "Hebrew": ("בתאריך|ב-|ב", "כתב|כתבה|כתב/ה|מאת"),
    "Arabic": ("في|بتاريخ", "كتب|كتبت|تمت كتابة ما يلي بواسطة"),
    "Persian": ("در|در تاریخ", "نوشت|نوشته"),
    "Vietnamese": ("vào|lúc", "đã viết|viết"),
    "Indonesian": ("pada|pada tanggal", "menulis"),
    "Thai": ("ในวันที่|เมื่อ", "เขียนว่า"),
    "Hindi": ("", "ने लिखा"),
}

# Languages that set no blanks; their colon is often a wide one.
ATTRIBUTIONS_UNSPACED = (
    "写道",  # Chinese, simplified
    "寫道",  # Chinese, traditional
    "のメッセージ",  # Japanese
    "書きました",
    "님이 작성",  # Korean
    "님이 쓴",
    "작성",
    "เขียนว่า",  # Thai
    "ने लिखा",  # Hindi, whose signs are no letters to \w
)

# Between dashes, or with a colon: what stands below is an earlier mail.
ORIGINALS = frozenset(
    (
        "original message|original mail|original email|original e-mail|original appointment"
        "|reply message|reply to message|original-message"
        "|mensaje original|correo original|missatge original"
        "|ursprüngliche nachricht|originalnachricht|original-nachricht|ursprüngliche mail"
        "|antwort nachricht|ursprünglicher termin|ursprüngliche e-mail"
        "|message d'origine|message d’origine|message original|message initial|messages d'origine"
        "|messaggio originale|messaggio originario"
        "|mensagem original|oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht"
        "|wiadomość oryginalna|oryginalna wiadomość|originalmeddelande|ursprungligt meddelande"
        "|opprinnelig melding|oprindelig meddelelse|original meddelelse|oprindelig besked"
        "|alkuperäinen viesti|upprunaleg skilaboð"
        "|исходное сообщение|оригинальное сообщение|оригінальне повідомлення|вихідне повідомлення"
        "|оригинално съобщение|původní zpráva|původní e-mail|pôvodná správa|eredeti üzenet"
        "|mesaj original|mesajul original|izvorna poruka|izvirno sporočilo|originalna poruka"
        "|pradinis laiškas|orijinal mesaj|orijinal ileti|özgün ileti|αρχικό μήνυμα"
        "|הודעה מקורית|ההודעה המקורית|الرسالة الأصلية|رسالة أصلية|پیام اصلی"
        "|thư gốc|tin nhắn gốc|pesan asli|ข้อความต้นฉบับ"
        "|原始邮件|原始信件|邮件原件|原邮件|原始郵件|原始訊息|原郵件|元のメッセージ|オリジナルメッセージ"
        "|원본 메시지|원본 메일|원본메일"
    ).split("|")
)
FORWARDS = frozenset(
    (
        "forwarded message|begin forwarded message|forwarded mail|forwarded email|forward message"
        "|mensaje reenviado|inicio del mensaje reenviado|comienzo del mensaje reenviado"
        "|missatge reenviat|weitergeleitete nachricht|anfang der weitergeleiteten nachricht"
        "|anfang der weitergeleiteten e-mail|message transféré|début du message transféré"
        "|début du message réexpédié|message réexpédié|messaggio inoltrato"
        "|inizio messaggio inoltrato"
        "|mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada"
        "|início da mensagem reencaminhada|doorgestuurd bericht|begin doorgestuurd bericht"
        "|wiadomość przekazana dalej|przekazana wiadomość|treść przekazanej wiadomości"
        "|początek przekazywanej wiadomości|vidarebefordrat meddelande|vidarebefordrat mail"
        "|början på vidarebefordrat brev|videresendt melding|videresendt meddelelse"
        "|start på videresendt besked|start på videresendt melding|videresendt besked"
        "|välitetty viesti|edelleenlähetetty viesti|välitetty viesti alkaa"
        "|пересылаемое сообщение|пересланное сообщение|начало переадресованного сообщения"
        "|переслане повідомлення|початок листа, що пересилається|препратено съобщение"
        "|přeposlaná zpráva|začátek přeposlané zprávy|preposlaná správa|továbbított üzenet"
        "|továbbított levél kezdete|mesaj redirecționat|proslijeđena poruka|posredovano sporočilo"
        "|iletilen ileti|iletilmiş mesaj|iletilen mesaj başlangıcı|yönlendirilen ileti"
        "|προωθημένο μήνυμα|αρχή προωθημένου μηνύματος|הודעה שהועברה|תחילת ההודעה שהועברה"
        "|رسالة معاد توجيهها|بداية الرسالة المعاد توجيهها|پیام هدایت شده"
        "|thư đã chuyển tiếp|thư được chuyển tiếp|bắt đầu thư được chuyển tiếp"
        "|pesan yang diteruskan"
        "|转发邮件|转发的邮件|已转发邮件|开始转发的邮件|轉寄郵件|轉寄的郵件|已轉寄郵件|開始轉寄郵件"
        "|転送メッセージ|転送されたメッセージ|전달된 메시지|전달된 메일|전달된 메시지 시작"
    ).split("|")
)
# These go on with a name and a date.
ORIGINALS_BEGIN = (
    "forwarded by ",
    "weitergeleitet von ",
    "reenviado por ",
    "transféré par ",
    "original message processed by ",
    "original message from ",
)

FROM, DATE, TO, CC, SUBJECT = "from", "date", "to", "cc", "subject"
HEADER_FIELDS: dict[str, str] = {
    FROM: (
        "from|de|von|da|van|od|fra|från|lähettäjä|expéditeur|remitente|absender|mittente|remetente"
        "|afzender|nadawca|avsändare|avsender|afsender|от|от кого|від|від кого|feladó"
        "|de la|expeditor"
        "|kimden|gönderen|από|αποστολέας|מאת|من|از|từ|người gửi|dari|จาก|发件人|寄件者|寄件人"
        "|差出人|送信者|보낸 사람|보낸사람|발신"
    ),
    DATE: (
        "sent|date|received|sent on|date sent|enviado|enviado el|enviada|enviada el|enviado em"
        "|enviada em|enviados|fecha|gesendet|datum|datum/uhrzeit|gesendet am|envoyé|envoyé le"
        "|date d'envoi|envoyée|inviato|data|inviato il|data invio|verzonden|verzonden op|wysłano"
        "|wysłane|skickat|skickades|sendt|dato|sendt den|lähetetty|päivämäärä|päiväys"
        "|отправлено|дата"
        "|дата и время|надіслано|изпратено|odesláno|odoslané|dátum|küldve|elküldve|trimis|poslano"
        "|išsiųsta|gönderildi|gönderme tarihi|tarih|gönderilme tarihi|ημερομηνία|στάλθηκε|εστάλη"
        "|נשלח|תאריך|تاريخ|التاريخ|تاريخ الإرسال|تم الإرسال|تاریخ|đã gửi|ngày|dikirim|tanggal|ส่ง"
        "|วันที่|发送时间|发送日期|日期|傳送時間|寄件日期|寄信日期|送信日時|送信日|日時|日付"
        "|보낸 날짜|보낸날짜|날짜|보낸 시간"
    ),
    TO: (
        "to|para|an|à|a|aan|do|til|till|vastaanottaja|destinataire|destinatario|destinatário"
        "|empfänger|pour|per|adresat|кому|получатель|до|komu|pre|címzett|către|catre|za|prima|kime"
        "|alıcı|προς|אל|إلى|الى|به|đến|tới|người nhận|kepada|ถึง|收件人|收件者|宛先"
        "|받는 사람|받는사람|수신"
    ),
    CC: (
        "cc|bcc|kopie|copie|copia|copie à|cópia|dw|do wiadomości|kopia|kopi|kopio|копия|копія|копие"
        "|kopie (cc)|kópia|másolatot kap|másolat|bilgi|κοιν|κοινοποίηση|עותק|نسخة|رونوشت|đồng gửi"
        "|抄送|副本|참조|reply-to|reply to|antwort an|répondre à|responder a|responder para"
        "|beantwoorden - aan|organization|importance|priorität|wichtigkeit|importancia|attachments"
        "|anlagen|adjuntos|pièces jointes|allegati|bijlagen"
    ),
    SUBJECT: (
        "subject|asunto|assumpte|betreff|betr|objet|sujet|oggetto|assunto|onderwerp|temat|ämne|emne"
        "|aihe|otsikko|efni|тема|предмет|относно|předmět|predmet|tárgy|subiect|zadeva|tema|konu"
        "|θέμα|נושא|הנדון|الموضوع|موضوع|chủ đề|tiêu đề|subjek|perihal|เรื่อง|主题|主旨|标题|件名"
        "|제목"
    ),
}
FIELD_KINDS = {name: kind for kind, names in HEADER_FIELDS.items() for name in names.split("|")}

# What a telephone or a program adds: a regular expression for a whole line, by language.
ADDED_LINES: dict[str, str] = {
    "English": (
        r"sent (?:from|via|with|by|using) .+|get outlook for .+|\w+ from mobile"
        r"|from my .{0,12}(?:phone|ipad|mobile|android|galaxy|blackberry|tablet|device).{0,12}"
        r"|this (?:e-?mail|message) was sent from my .+|sent by my .+|typed on .+"
        r"|please excuse (?:any )?(?:typos|brevity|errors).*|(?:download|get) .{2,30} for mobile.*"
    ),
    "Spanish": r"enviad[oa] (?:desde|con|por|a través de) .+|(?:obtener|obtenga) outlook para .+",
    "Catalan": r"enviat (?:des d|amb).+",
    "German": (
        r"(?:von|aus) meinem .+ (?:gesendet|geschickt)|gesendet (?:von|mit|über|aus) .+"
        r"|diese (?:nachricht|e-mail|mail) wurde (?:von|mit) .+ gesendet|von unterwegs gesendet.*"
        r"|von .{2,40} gesendet|outlook für .{2,30} (?:beziehen|herunterladen|holen).*"
        r"|holen sie sich outlook .+"
    ),
    "French": (
        r"envoyé(?:e)? (?:de|depuis|à partir de|avec|par|via) .+|télécharge[rz] outlook pour .+"
        r"|obtenez outlook pour .+|obtenir outlook pour .+|provenance : courrier .+"
    ),
    "Italian": r"inviat[oa] (?:da|dal|con|tramite) .+|(?:ottieni|scarica) outlook per .+",
    "Portuguese": (
        r"enviad[oa] (?:do|da|de|pelo|pela|a partir d|via|com) ?.+"
        r"|(?:obter|obtenha|baixe) o outlook para .+"
    ),
    "Dutch": (
        r"(?:verzonden|verstuurd) (?:vanaf|met|van|via|vanuit) .+"
        r"|outlook voor .{2,30} downloaden.*|download outlook voor .+"
    ),
    "Polish": r"wysłan[eoay]+ (?:z|ze|przy użyciu|za pomocą) .+|pobierz (?:program )?outlook .+",
    "Swedish": (
        r"skickat (?:från|med|via) .+|(?:hämta|skaffa) outlook för .+"
        r"|från min (?:.{0,12}phone|ipad|mobil|telefon|android).{0,12}"
    ),
    "Norwegian": r"sendt (?:fra|med|via) .+|(?:hent|skaff deg|få) outlook for .+",
    "Danish": r"sendt (?:fra|med|via) .+|hent outlook til .+",
    "Finnish": r"lähetetty .+|(?:hanki|lataa) outlook .+|lähetin tämän .+",
    "Russian": r"отправлено (?:с|из|от) .+|(?:скачать|получить|загрузить) outlook .+",
    "Ukrainian": r"(?:надіслано|відправлено) (?:з|із|від|за) .+|отримати outlook .+",
    "Czech": r"odesláno (?:z|ze|pomocí) .+|získat outlook .+|stáhnout outlook .+",
    "Slovak": r"odoslané (?:z|zo|pomocou) .+",
    "Hungarian": r"(?:elküldve|küldve) .+|.{2,40} küldve",
    "Romanian": r"trimis (?:de pe|din|cu) .+",
    "Croatian": r"poslano (?:s|sa|iz|z|iz mojega) .+",
    "Turkish": (
        r".{0,20}(?:phone|pad|android|telefon|cihaz|mail|outlook).{0,12} gönderildi.*"
        r"|outlook .{2,30} edinin.*"
    ),
    "Greek": r"(?:στάλθηκε|εστάλη) από .+|αποκτήστε το outlook .+",
    "Hebrew": r"נשלח מ.+",
    "Arabic": r"(?:أُرسلت|أرسلت|مرسل|تم الإرسال) من .+",
    "Vietnamese": r"(?:đã gửi|được gửi|gửi) từ .+",
    "Indonesian": r"dikirim dari .+",
    "Chinese": (
        r"(?:发自|發自|傳送自|(?:來自|来自)我的)\s?(?:我的)?.{1,40}"
        r"|(?:從|从)我的.{1,30}(?:傳送|发送|寄出)|获取 outlook .+|取得 outlook .+"
    ),
    "Japanese": r".{2,30}(?:から送信|より送信)(?:しました)?",
    "Korean": r".{1,30}에서 (?:보냄|보낸 .*|발송)|나의 .{1,30}에서 보냄",
}

# A help desk's own line; what stands below is its mail.
REPLY_ABOVE = (
    r"(?:please )?(?:type|write|enter|add|send)?(?: your)? ?(?:reply|respond|replies|response)"
    r"(?: your reply)? above (?:this|the) line"
    r"|(?:por favor,? )?(?:escriba|responda|escribe|responde)(?: su| tu)?(?: respuesta)? "
    r"(?:encima|arriba|por encima) de esta línea"
    r"|bitte (?:antworten sie|antworte) (?:oberhalb|über) dieser (?:linie|zeile)"
    r"|(?:veuillez )?répond(?:re|ez) au-dessus de cette ligne"
)
