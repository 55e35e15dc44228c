"""The signs by which mail programs set quotes apart, kept by cleaning as one mark each.

A mark is an attribute that no mail can bring itself: cleaning knows no such attribute, and it is
written afterwards. It goes before a browser gets the mail.
"""

import re

WHOLE, BOX, REST, INTRODUCTION = "whole", "box", "rest", "introduction"

# By mail program: Gmail, Proton, Yahoo, Thunderbird, Zoho; then Outlook on the web and on phones,
# Zimbra, Hotmail, Roundcube; then GMX and Spark.
SIGNS: dict[tuple[str, str], str] = {
    ("class", "gmail_quote"): BOX,
    ("class", "gmail_quote_container"): BOX,
    ("class", "gmail_attr"): INTRODUCTION,
    ("class", "protonmail_quote"): BOX,
    ("class", "yahoo_quoted"): BOX,
    ("class", "moz-cite-prefix"): INTRODUCTION,
    ("class", "zmail_extra"): BOX,
    ("class", "moz-forward-container"): BOX,
    ("class", "tutanota_quote"): BOX,
    ("class", "front-blockquote"): BOX,
    ("class", "ms-outlook-mobile-reference-message"): BOX,
    ("id", "blockquote_zmail"): BOX,
    ("id", "OLK_SRC_BODY_SECTION"): BOX,
    ("id", "x_divRplyFwdMsg"): REST,
    ("id", "divRplyFwdMsg"): REST,
    ("id", "mail-editor-reference-message-container"): BOX,
    ("id", "ms-outlook-mobile-reference-message"): BOX,
    ("id", "zwchr"): REST,
    ("id", "stopSpelling"): REST,
    ("id", "reply-intro"): INTRODUCTION,
    ("name", "quote"): BOX,
    ("name", "messageReplySection"): BOX,
}
CLASSES = {name for attribute, name in SIGNS if attribute == "class"}

_MARKABLE = re.compile(r'<(div|blockquote|hr)((?: [a-z]+="[^"]*")+)>')
_SIGNED = re.compile(r' (?:class|id|name|type)="')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_MARK = re.compile(r'(<(?:div|blockquote|hr)(?: [a-z]+="[^"]*")*?) quote="[a-z]+"')


def kept_sign(attribute: str, value: str) -> str | None:
    """Of id, name and a blockquote's type: what a mail program says of its quotes."""
    if attribute == "type":
        return "cite" if value.strip().lower() == "cite" else None
    return value if (attribute, value) in SIGNS else None


def with_marks(clean: str) -> str:
    """Signs of mail programs as one attribute each; classes that are no signs are left."""
    return _MARKABLE.sub(_marked, clean)


def unmarked(clean: str) -> str:
    """What a browser gets of what was not folded."""
    return _MARK.sub(r"\1", clean) if ' quote="' in clean else clean


def mark_in(attributes: str) -> str:
    _before, found, rest = attributes.partition(' quote="')
    return rest.partition('"')[0] if found else ""


def _marked(tag: re.Match[str]) -> str:
    name, attributes = tag.groups()
    if not _SIGNED.search(attributes):
        return tag[0]
    kept, mark = [], ""
    for attribute, value in _ATTRIBUTE.findall(attributes):
        if attribute == "class":
            words = value.split()
            mark = mark or next((SIGNS["class", one] for one in words if one in CLASSES), "")
            value = " ".join(one for one in words if one not in CLASSES)
        elif attribute in ("id", "name"):
            mark, value = mark or SIGNS.get((attribute, value), ""), ""
        if value or attribute not in ("class", "id", "name"):
            kept.append(f' {attribute}="{value}"')
    if mark == BOX and name == "blockquote":
        mark = WHOLE
    return f"<{name}{''.join(kept)}" + (f' quote="{mark}">' if mark else ">")
