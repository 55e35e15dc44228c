"""How mail programs write a quote, as short as it can be: all words are invented.

Own words begin with `own`, quoted ones with `old`; lines that introduce a quote with `On`.
"""

GMAIL = """<div dir="ltr"><div>own answer</div></div><br>
<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Tue, 3 Mar 2026 at 10:12,
Ann &lt;<a href="mailto:ann@example.com">ann@example.com</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">
<div>old one</div><div>old two</div></blockquote></div>"""

GMAIL_BETWEEN = """<div dir="ltr"></div><div class="gmail_quote"><div class="gmail_attr">On Tue Ann wrote:<br></div>
<blockquote class="gmail_quote"><div>old question</div></blockquote><div>own answer in between</div>
<blockquote class="gmail_quote"><div>old second question</div></blockquote><div>own second answer</div></div>"""

GMAIL_FORWARD = """<div dir="ltr">own note<br><br><div class="gmail_quote"><div class="gmail_attr">
---------- Forwarded message ---------<br>From: <b>Ann</b><br>Subject: old subject<br></div>
<p>old words</p></div></div>"""

APPLE = """<html><body style="overflow-wrap: break-word;">own answer<br><div><br><blockquote type="cite">
<div>On 3 Mar 2026, at 10:12, Ann &lt;ann@example.com&gt; wrote:</div><br><div>old words</div>
</blockquote></div><br></body></html>"""

IPHONE = """<div dir="ltr">own answer</div><div dir="ltr"><br><blockquote type="cite">On 3 Mar 2026, at 10:12, Ann wrote:
<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">old words</div></blockquote>"""

THUNDERBIRD = """<p>own answer</p><div class="moz-cite-prefix">On 3/3/26 10:12, Ann wrote:<br></div>
<blockquote type="cite" cite="mid:1@example.com"><p>old words</p></blockquote><p>own words below</p>
<div class="moz-signature">-- <br>own signature</div>"""

YAHOO = """<div class="ydp1"><div dir="ltr">own answer</div></div>
<div id="yahoo_quoted_1" class="yahoo_quoted"><div style="font-size:13px"><div>On Tuesday, Ann wrote:</div>
<div><br></div><div><div>old words</div></div></div></div>"""

PROTON = """<div style="font-family: Arial">own answer</div><div class="protonmail_quote">
On Tuesday, March 3rd, 2026 at 10:12, Ann wrote:<br><blockquote class="protonmail_quote" type="cite">
<div>old words</div></blockquote><br></div>"""

OUTLOOK = """<div class="WordSection1"><p class="MsoNormal">own answer</p><p class="MsoNormal">&nbsp;</p><div>
<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">
<b><span lang="DE">Von:</span></b><span> Ann<br><b>Gesendet:</b> Dienstag<br><b>An:</b> Bob<br>
<b>Betreff:</b> old subject</span></p></div></div><p class="MsoNormal">old words</p>
<p class="MsoNormal">old end</p></div>"""

OUTLOOK_WEB = """<div class="elementToProof">own answer</div><div id="appendonsend"></div>
<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">
<font face="Calibri"><b>From:</b> Ann<br><b>Sent:</b> Tuesday<br><b>Subject:</b> old subject</font>
<div>&nbsp;</div></div><div><p>old words</p></div>"""

OUTLOOK_PHONE = """<div dir="auto">own answer</div><div id="mail-editor-reference-message-container">
<hr><div><strong>From:</strong> Ann<br><strong>Sent:</strong> Tuesday<br></div><p>old words</p></div>"""

OUTLOOK_OLD = """<p>own answer</p><p><font size="2">-----Original Message-----<br></font></p>
<p><font size="2">From: Ann</font></p><p>old words</p>"""

HEADERS_ALONE = """<p>own answer</p><p><b>De :</b> Ann<br><b>Envoyé :</b> mardi<br><b>Objet :</b> old subject</p>
<p>old words</p>"""

GMX = """<div>own answer</div><div name="quote" style="margin:10px 5px 5px 10px;border-left:2px solid #C3D9E5;">
<div style="margin:0 0 10px 0;"><b>Gesendet:</b> Dienstag<br><b>Von:</b> Ann</div><div name="quoted-content">old words</div></div>"""

ZIMBRA = """<div>own answer</div><hr id="zwchr"><div><b>From: </b>Ann<br><b>Sent: </b>Tuesday</div><div>old words</div>"""

OURS = """<p>own answer</p><p>On 3 March 2026, 10:12, Ann &lt;ann@example.com&gt; wrote:</p>
<blockquote style="border-left:2px solid #ccc"><p>old words</p></blockquote>"""

SPANISH = """<p>own answer</p><div>El mar, 3 mar 2026 a las 10:12, Ann (&lt;ann@example.com&gt;) escribió:<br></div>
<blockquote><p>old words</p></blockquote>"""

PLAIN_FIELDS = """<div>own answer</div><div><br></div><div>Von: Ann &lt;ann@example.com&gt;<br>Gesendet: Dienstag, 3. März 2026<br>
An: Bob<br>Betreff: old subject</div><div>old words</div>"""

GMX_PLAIN = """<p>own answer</p><div>Gesendet: Dienstag, 3. März 2026 um 10:12 Uhr<br>Von: "Ann" &lt;ann@example.com&gt;<br>
An: bob@example.com<br>Betreff: old subject</div><div>old words</div>"""

BLACKBERRY = """<div>own answer</div><div>Sent from my BlackBerry</div><div>-----Original Message-----</div>
<div>From: Ann &lt;ann@example.com&gt;<br>Date: Tue, 3 Mar 2026<br>Subject: old subject</div><div>old words</div>"""

NO_QUOTE_BELOW = """<div>own answer</div><div>On Tue, 3 Mar 2026 at 10:12, Ann &lt;ann@example.com&gt; wrote:</div>
<div>old words</div><div>old end</div>"""

FIELDS_IN_PARAGRAPHS = """<div><p>own answer</p><p>&nbsp;</p><p>From: Ann &lt;ann@example.com&gt;</p><p>Sent: Tuesday</p>
<p>To: Bob</p><p>Subject: old subject</p><p>old words</p></div>"""

SPARK = """<div name="messageBodySection"><div>own answer</div></div><div name="messageReplySection">On 3 Mar 2026, 10:12 +0100,
Ann &lt;ann@example.com&gt;, wrote:<br><blockquote type="cite"><div>old words</div></blockquote></div>"""

TUTA = """<div>own answer</div><div>3 March 2026, 10:12 by ann@example.com:<br></div>
<blockquote class="tutanota_quote"><div>old words</div></blockquote>"""

ZOHO = """<div>own answer</div><div class="zmail_extra"><div>---- On Tue, 03 Mar 2026 10:12:00 +0100
<b>Ann &lt;ann@example.com&gt;</b> wrote ----<br></div><blockquote id="blockquote_zmail"><div>old words</div></blockquote></div>"""

THUNDERBIRD_FORWARD = """<p>own note</p><div class="moz-forward-container"><br><br>-------- Forwarded Message --------
<table><tr><th>Subject: </th><td>old subject</td></tr></table><p>old words</p></div>"""

JAPANESE = """<div>own 回答</div><div>2026年3月3日(火) 10:12 Ann &lt;ann@example.com&gt;:<br></div><blockquote><p>old words</p></blockquote>"""

CHINESE = """<div>own 回答</div><div><p>发件人: Ann &lt;ann@example.com&gt;<br>发送时间: 2026年3月3日<br>收件人: Bob<br>主题: old subject</p></div>
<p>old words</p>"""

RUSSIAN = """<div>own ответ</div><div>вт, 3 мар. 2026 г. в 10:12, Ann &lt;ann@example.com&gt;:<br></div><blockquote><p>old words</p></blockquote>"""

APPLE_FORWARD = """<div>own note<br><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div><b>From: </b>Ann</div>
<div><b>Subject: </b>old subject</div><div>old words</div></blockquote></div></div>"""

IN_A_TABLE = """<table><tr><td><p>own answer</p><blockquote type="cite">old words</blockquote></td></tr></table>"""

FOLDED = {
    "gmail": GMAIL,
    "gmail, answers in between": GMAIL_BETWEEN,
    "gmail, forwarded with a note": GMAIL_FORWARD,
    "apple": APPLE,
    "iphone": IPHONE,
    "thunderbird": THUNDERBIRD,
    "yahoo": YAHOO,
    "proton": PROTON,
    "outlook": OUTLOOK,
    "outlook on the web": OUTLOOK_WEB,
    "outlook on a phone": OUTLOOK_PHONE,
    "outlook, long ago": OUTLOOK_OLD,
    "outlook's headers alone": HEADERS_ALONE,
    "gmx": GMX,
    "zimbra": ZIMBRA,
    "ours": OURS,
    "spanish, without a sign": SPANISH,
    "in a table": IN_A_TABLE,
    "fields without bold": PLAIN_FIELDS,
    "gmx, without bold": GMX_PLAIN,
    "blackberry": BLACKBERRY,
    "no quote below the introduction": NO_QUOTE_BELOW,
    "fields in paragraphs": FIELDS_IN_PARAGRAPHS,
    "spark": SPARK,
    "tuta": TUTA,
    "zoho": ZOHO,
    "thunderbird, forwarded with a note": THUNDERBIRD_FORWARD,
    "japanese, without a sign": JAPANESE,
    "chinese fields": CHINESE,
    "russian, without a sign": RUSSIAN,
    "apple, forwarded with a note": APPLE_FORWARD,
}

OPEN = {
    "nothing but a quote": '<blockquote type="cite">old words</blockquote>',
    "a forwarded mail": GMAIL_FORWARD.replace("own note", ""),
    "forwarded by outlook": OUTLOOK.replace("own answer", "&nbsp;"),
    "forwarded from a phone": f"<div>Sent from my iPhone</div>{IPHONE.replace('own answer', '')}",
    "an indentation": '<p>own words:</p><blockquote style="margin:0 0 0 40px"><p>own words</p></blockquote>',
    "a journey": "<p>own</p><p>From: Berlin<br>To: Paris<br>Date: 3 March 2026</p><p>own</p>",
    "a letter told": "<p>own</p><p>On Tuesday your colleague wrote:</p><p>own</p>",
    "opening hours": "<p>own</p><p>We open on 3 March 2026 at 9:30:</p><p>own</p>",
    "forwarded by thunderbird": THUNDERBIRD_FORWARD.replace("own note", ""),
    "a short list of labels": "<p>own</p><p><b>From:</b> Berlin<br><b>To:</b> Paris</p><p>own</p>",
    "dashes": "<p>own</p><p>-- own --</p><p>own</p>",
    "a quote in a link": '<p>own</p><a href="https://a.example"><blockquote type="cite">old</blockquote></a>',
}
