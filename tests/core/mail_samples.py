"""Honest mail HTML as the usual programs write it: each has to keep its words and its look."""

NEWSLETTER = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml"><head><title>Spring sale</title>
<style type="text/css">.button:hover{opacity:.8} @media only screen and (max-width:600px){.col{width:100%!important}}</style>
<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]--></head>
<body style="margin:0;padding:0;background-color:#eef1f5" bgcolor="#eef1f5">
<div style="display:none;max-height:0;overflow:hidden">Up to half off until Sunday</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#eef1f5"><tr><td align="center" style="padding:24px 12px">
<!--[if mso]><table width="600"><tr><td><![endif]-->
<table width="600" cellpadding="0" cellspacing="0" style="max-width:600px;width:100%;background:#ffffff;border-radius:8px;border:1px solid #d8dee8">
<tr><td style="background:#16324f url('https://shop.test/hero.jpg') center/cover no-repeat;padding:40px 24px;text-align:center;border-radius:8px 8px 0 0">
<img src="https://shop.test/logo.png" width="120" height="40" alt="Shop" style="display:block;margin:0 auto 16px"><h1 style="margin:0;color:#ffffff;font:bold 28px/1.2 Georgia,serif">Spring sale</h1></td></tr>
<tr><td style="padding:24px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:24px;color:#33475b">Dear Dana,<br><br>everything for the garden is <strong style="color:#c0392b">half price</strong>.
<table width="100%" style="margin:16px 0"><tr>
<td class="col" width="50%" valign="top" style="padding:8px;background:#f7f9fb"><b>Spade</b><br>now 12.50&nbsp;€ <s style="color:#888">25.00&nbsp;€</s></td>
<td class="col" width="50%" valign="top" style="padding:8px;background:#f7f9fb"><b>Rake</b><br>now 9.00&nbsp;€ <s style="color:#888">18.00&nbsp;€</s></td></tr></table>
<table cellpadding="0" cellspacing="0" align="center"><tr><td bgcolor="#2e7d32" style="border-radius:4px"><a class="button" href="https://click.shop.test/c?u=1&amp;id=2" target="_blank" style="display:inline-block;padding:12px 28px;color:#ffffff;text-decoration:none;font-weight:bold">To the shop</a></td></tr></table></td></tr>
<tr><td style="padding:16px 24px;font:12px Arial;color:#8795a5;border-top:1px solid #e3e8ee" align="center">You get this because you bought from us. <a href="https://shop.test/unsubscribe" style="color:#8795a5">Unsubscribe</a> · Garden Street 1</td></tr></table>
<!--[if mso]></td></tr></table><![endif]--></td></tr></table><img src="https://click.shop.test/open.gif" width="1" height="1" alt=""></body></html>"""

OUTLOOK = """<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15 (filtered medium)">
<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--
@font-face {font-family:Calibri;} p.MsoNormal {margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif;} --></style></head>
<body lang=ES link="#0563C1" vlink="#954F72" style='word-wrap:break-word'><div class=WordSection1>
<p class=MsoNormal><span style='mso-fareast-language:EN-US'>Buenos días,<o:p></o:p></span></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoNormal style='margin-left:36.0pt;text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>1.<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>Pedido <b>4711</b><o:p></o:p></p>
<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;border:none'><tr><td width=200 valign=top style='width:150.0pt;border:solid windowtext 1.0pt;padding:0cm 5.4pt 0cm 5.4pt'><p class=MsoNormal>Artículo</p></td><td width=100 valign=top style='width:75.0pt;border:solid windowtext 1.0pt;border-left:none;background:#D9E2F3;padding:0cm 5.4pt'><p class=MsoNormal>3</p></td></tr></table>
<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>De:</b> Ana Ruiz &lt;ana@shop.test&gt;<br><b>Enviado:</b> lunes, 3 de marzo<br><b>Asunto:</b> Pedido</p></div></div>
<p class=MsoNormal><span style='font-size:9.0pt;color:#1F497D'>Luis Gómez<br><img width=96 height=32 style='width:1.0in;height:.3333in' id="Imagen_x0020_1" src="cid:logo@x" alt="Logo"></span></p></div></body></html>"""

GMAIL = """<div dir="ltr"><div>Thanks, that works.</div><div><br></div><div><ul><li style="margin-left:15px">first</li><li style="margin-left:15px">second</li></ul></div><div><font face="georgia, serif" size="4" color="#674ea7">Bye</font></div>
<div>-- <br></div><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature"><div style="color:rgb(136,136,136)">Dana</div></div></div><br>
<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, 3 Mar 2025 at 10:00, Support &lt;<a href="mailto:support@shop.test">support@shop.test</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div>Does it work now?</div><blockquote style="border-left:1px solid rgb(204,204,204)">No.</blockquote></blockquote></div>"""

APPLE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;" class="">Hi,<div class=""><br class=""></div><div class="">see the photo:</div><div class=""><img apple-inline="yes" id="5E" width="320" src="cid:logo@x" alt="photo"></div><div><br><blockquote type="cite"><div>Am 03.03.2025 um 10:00 schrieb Support:</div><br class="Apple-interchange-newline"><div><div style="font-family: Helvetica; font-size: 12px; caret-color: rgb(0, 0, 0); text-align: start;">Grüße</div></div></blockquote></div></body></html>"""

DARK = """<body bgcolor="#101418" text="#e8eaed" style="margin:0"><center><table width="480" bgcolor="#1c2228"><tr><td style="padding:20px"><font color="#ffffff" size="5">Night mode by design</font><p style="color:#9fb3c8">Light words on a dark ground.</p></td></tr></table></center></body>"""

RTL = """<div dir="rtl" style="font-family:Arial;text-align:right"><p>שלום <b>דנה</b>, ההזמנה 4711 נשלחה.</p><p dir="rtl">مرحبا، تم شحن طلبك رقم <span dir="ltr">AB-4711</span>.</p><table dir="rtl" border="1"><tr><td>מחיר</td><td>‎12.50 €</td></tr></table></div>"""

CJK = """<div style="font-family:'MS Gothic',sans-serif">お世話になっております。<br>ご注文番号は<strong>4711</strong>です。<br>漢字、カタカナ、ひらがな。</div><p style="font-family:SimSun">您好,您的订单已发货。</p><p style="font-family:'Malgun Gothic'">안녕하세요, 주문이 발송되었습니다.</p>"""

RECEIPT = """<table width="100%" style="font-family:Verdana,Geneva,sans-serif;font-size:13px"><caption style="caption-side:top">Invoice 2025-0042</caption><colgroup><col width="60%"><col span="2" width="20%"></colgroup><thead><tr style="background-color:#eee"><th align="left">Item</th><th>Qty</th><th align="right">Price</th></tr></thead><tbody><tr><td>Blue kettle, 1.7&nbsp;l</td><td align="center">2</td><td align="right">59.80</td></tr><tr><td colspan="2" align="right"><b>Total</b></td><td align="right" style="border-top:2px solid #000"><b>59.80</b></td></tr></tbody></table>"""

SIGNATURE = """<p>Regards</p><table cellpadding="0" style="border-left:3px solid #e4572e"><tr><td rowspan="3" style="padding:0 12px"><img src="cid:logo@x" width="64" height="64" alt="Company"></td><td style="font-size:14px;font-weight:600">Robin Park</td></tr><tr><td style="color:#666;font-size:12px">Head of Parcels · <a href="tel:+34%20912%20345%20678" style="color:#666">+34 912 345 678</a></td></tr><tr><td><a href="https://social.test/in/robin"><img src="https://cdn.test/in.png" alt="in" width="16"></a> <a href="https://www.parcels.test">www.parcels.test</a></td></tr></table>"""

FORM = """<form action="https://survey.test" method="post"><p>How did we do?</p><label>Your words</label> <input type="text" name="w"><button type="submit">Send the survey</button></form><p><a href="https://survey.test/5">★★★★★</a> <a href="https://survey.test/1">★</a></p>"""

MARKDOWN = """<h2 id="notes">Release notes</h2><p>Run <code>up --port 8000</code>:</p><pre><code class="language-sh">$ python3 manage.py up
ready {"url": "http://127.0.0.1:8000"}
</code></pre><ol start="3"><li>Three</li><li>Four<ul><li>nested</li></ul></li></ol><hr><blockquote><p>Quoted <em>words</em> and <del>old</del> <ins>new</ins>, H<sub>2</sub>O, x<sup>2</sup></p></blockquote><dl><dt>Term</dt><dd>Meaning</dd></dl><p><kbd>Ctrl</kbd>+<kbd>C</kbd> &mdash; <mark>marked</mark> <small>small</small></p>"""

LOTUS = """<font size=2 face="sans-serif">Dear colleague,</font><br><br><tt><font size=2>monospaced figures  1  2  3</font></tt><p><font size=1 color=#5f5f5f face="Arial">From: </font><font size=1 face="Arial">A. Smith/Dept/Org</font><br><table width=100%><tr valign=top><td width=40%><font size=1 face="sans-serif"><b>Old program</b></font><td width=59%><center><u>kept</u></center></table>"""

THUNDERBIRD = """<html><head><meta http-equiv="content-type" content="text/html; charset=UTF-8"></head><body text="#000000" bgcolor="#FFFFFF"><p>Hello,</p><p>the parcel has <i>not</i> arrived.<br></p><pre class="moz-signature" cols="72">-- 
Dana Outside
https://dana.test</pre><div class="moz-cite-prefix">On 3/3/25 10:00, Support wrote:<br></div><blockquote type="cite" cite="mid:1@shop.test"><p>Sent on Monday.</p></blockquote></body></html>"""

OUTLOOK_WEB = """<div dir="ltr" style="font-family: Aptos, Calibri, Helvetica, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);">Please see below.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000"><b>From:</b> Support<br><b>Sent:</b> Monday<br><b>To:</b> Dana</font><div>&nbsp;</div></div><div class="elementToProof" style="background-color: rgb(255, 255, 0);">Highlighted in yellow</div>"""

CALENDAR = """<div><span style="display:none">Invitation</span><table cellspacing="0" cellpadding="8" border="0" style="width:100%;font-family:Arial,Sans-serif;border:1px Solid #ccc;border-width:1px 2px 2px 1px;background-color:#fff"><tr><td><h3 style="padding:0 0 6px 0;margin:0;font-weight:bold"><span>Delivery window</span></h3><div style="padding-bottom:15px;font-size:13px;color:#222;white-space:pre-wrap!important;white-space:-moz-pre-wrap!important">Bring your ID.</div><p><b>When</b> <time datetime="2025-03-03">Mon 3 Mar</time></p><a href="https://cal.test/y?a=1&amp;b=2" style="background:#3367d6;color:#fff;padding:4px 10px">Yes</a></td></tr></table></div>"""

GHOST_COLUMNS = """<div style="max-width:600px;margin:0 auto;font-size:0;text-align:center"><!--[if (gte mso 9)|(IE)]><table><tr><td width="300"><![endif]--><div style="display:inline-block;width:100%;max-width:300px;vertical-align:top;font-size:14px;background-color:#fde9d9">Left column</div><!--[if (gte mso 9)|(IE)]></td><td width="300"><![endif]--><div style="display:inline-block;width:100%;max-width:300px;vertical-align:top;font-size:14px;background-color:#dfeefd">Right column</div><!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]--></div>"""

BULLETPROOF = """<div><!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" href="https://shop.test" arcsize="10%" fillcolor="#d33"><center>Only Outlook</center></v:roundrect><![endif]--><![if !mso]><table cellspacing="0"><tr><td align="center" width="300" height="40" bgcolor="#d62828" style="border-radius:5px;color:#ffffff;display:block"><a href="https://shop.test" style="font-size:16px;font-weight:bold;font-family:sans-serif;text-decoration:none;line-height:40px;width:100%;display:inline-block"><span style="color:#ffffff">Pay now</span></a></td></tr></table><![endif]></div>"""

BROKEN = """<p>Unclosed <b>bold <i>both</b> italic</i><table><tr><td>cell<tr><td>next<p>para<div>deep</table></td></div>after</html>trailing <font color=red>red"""

ENTITIES = """<p>Caf&eacute; &ndash; 5 &lt; 6 &amp;&amp; 7 &gt; 2 &euro; &hellip; &#8220;quoted&#8221; &#x1F4E6; &copy;&nbsp;2025 &zwj;</p><p>A &quot;very&quot; long address: https://shop.test/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</p>"""

PLAIN_LIKE = """<html><body>Just words.<br>Second line.<br/><br />Third.</body></html>"""

HONEST = {
    name.lower(): value
    for name, value in dict(globals()).items()
    if name.isupper() and isinstance(value, str)
}
