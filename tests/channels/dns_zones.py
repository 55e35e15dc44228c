"""Zones with what is to be said of them: records that real domains have, good and bad."""

import base64
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apps.channels.dns_help.providers import BY_KEY, Sending
from tests.servers.dns import Zone

GOOGLE, MICROSOFT, FASTMAIL = BY_KEY["google"], BY_KEY["microsoft"], BY_KEY["fastmail"]
MAILGUN, POSTMARK = BY_KEY["mailgun"], BY_KEY["postmark"]
HERE = "shop.net"
MX: Zone = {"MX": ["10 mx.shop.net."]}
AT_MX = {"mx.shop.net": {"A": ["192.0.2.1"]}}


def _key(bits: int) -> str:
    """With the least work: nobody signs with it."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1)
    der = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _ed25519() -> str:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


KEY, SHORT_KEY, WEAK_KEY = _key(2048), _key(1024), _key(512)


def txt(*texts: str) -> Zone:
    """Each record in strings of 255, as zone files want them."""
    return {
        "TXT": [" ".join(f'"{one[n : n + 255]}"' for n in range(0, len(one), 255)) for one in texts]
    }


def spf(text: str, **more: Zone) -> dict[str, Zone]:
    others = {name.replace("_", "-") + ".net": zone for name, zone in more.items()}
    return {HERE: MX | txt(text), **AT_MX, **others}


def dkim(text: str, selector: str = "s1") -> dict[str, Zone]:
    return {HERE: MX, **AT_MX, f"{selector}._domainkey.{HERE}": txt(text)}


def dmarc(text: str, at: str = HERE, **more: Zone) -> dict[str, Zone]:
    return {HERE: MX, **AT_MX, f"_dmarc.{at}": txt(text), **more}


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    zones: dict[str, Zone]
    codes: list[str]
    stands: bool | None
    words: str  # that stand in the first sentence
    sending: dict[str, Any] = field(default_factory=dict)
    adds: tuple[str, ...] = ()  # values of the records to add

    @property
    def how(self) -> Sending:
        return Sending(**({"domain": HERE} | self.sending))


_EIGHT = " ".join(f"include:i{n}.net" for n in range(8))
_INCLUDED = {f"i{n}": txt("v=spf1 ip4:192.0.2.0/24 -all") for n in range(8)}
_DEEP = {f"i{n}": txt("v=spf1 a:x.net mx:x.net -all") for n in range(4)}
_X = {"x": {"A": ["192.0.2.9"], "MX": ["10 mx.shop.net."]}}
_SIGNED = {"selectors": ("s1",)}
_ELSEWHERE = {"vip.reports.net": {}, f"{HERE}._report._dmarc.reports.net": txt("v=DMARC1")}

CASES: dict[str, Case] = {
    # ---- SPF
    "spf good": Case("spf", spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all"), ["spf-ok"], True, "takes 0 of the 10"),
    "spf with includes": Case("spf", spf(f"v=spf1 {_EIGHT} a mx ~all", **_INCLUDED) | {HERE: MX | {"A": ["192.0.2.7"]} | txt(f"v=spf1 {_EIGHT} a mx ~all")}, ["spf-ok"], True, "takes 10 of the 10"),
    "spf by redirect": Case("spf", spf("v=spf1 redirect=main.net", main=txt("v=spf1 ip4:192.0.2.0/24 ~all")), ["spf-ok"], True, "takes 1 of"),
    "spf missing": Case("spf", {HERE: MX, **AT_MX}, ["spf-missing"], False, "has no SPF record", {"providers": (GOOGLE, FASTMAIL)}, ("v=spf1 include:_spf.google.com include:spf.messagingengine.com ~all",)),
    "spf missing, own server": Case("spf", {HERE: MX, **AT_MX}, ["spf-missing"], False, "Add the record below", {"hosts": ("smtp.shop.net",)}, ("v=spf1 a:smtp.shop.net ~all",)),
    "spf missing, not needed": Case("spf", {HERE: MX, **AT_MX}, ["spf-missing-elsewhere"], False, "do not need it", {"providers": (POSTMARK,)}),
    "spf twice": Case("spf", {HERE: MX | txt("v=spf1 include:a.net -all", "v=spf1 include:b.net ~all")}, ["spf-several"], False, "2 SPF records", adds=("v=spf1 include:a.net include:b.net ~all",)),
    "spf open to all": Case("spf", spf("v=spf1 +all"), ["spf-all", "spf-ok"], False, "every server in the world"),
    "spf open to all, by a provider": Case("spf", spf("v=spf1 +all"), ["spf-all", "spf-provider", "spf-ok"], False, "every server", {"providers": (GOOGLE,)}, ("v=spf1 include:_spf.google.com ~all",)),
    "spf names one that is gone": Case("spf", spf("v=spf1 mx a:old.net include:gone.net -all"), ["spf-include-empty"], False, "It names gone.net", adds=("v=spf1 mx -all",)),
    "spf open to all, without a sign": Case("spf", spf("v=spf1 mx all"), ["spf-all", "spf-ok"], False, "every server", adds=("v=spf1 mx ~all",)),
    "spf neutral": Case("spf", spf("v=spf1 mx ?all"), ["spf-neutral", "spf-ok"], True, "asks nothing of other servers", adds=("v=spf1 mx ~all",)),
    "spf without an end": Case("spf", spf("v=spf1 mx"), ["spf-open", "spf-ok"], True, "does not say what holds", adds=("v=spf1 mx ~all",)),
    "spf with ptr": Case("spf", spf("v=spf1 ptr mx -all"), ["spf-ptr", "spf-ok"], True, "“ptr”", adds=("v=spf1 mx -all",)),
    "spf too many look-ups": Case("spf", spf("v=spf1 include:i0.net include:i1.net include:i2.net include:i3.net ~all", **_DEEP, **_X), ["spf-lookups"], False, "need 12 further look-ups"),
    "spf names nothing": Case("spf", spf("v=spf1 a:u1.net a:u2.net a:u3.net -all"), ["spf-void", "spf-ok"], False, "3 names in it do not exist (u1.net, u2.net, u3.net)"),
    "spf include is gone": Case("spf", spf("v=spf1 include:gone.net -all"), ["spf-include-empty"], False, "It names gone.net"),
    "spf include has two": Case("spf", spf("v=spf1 include:two.net -all", two=txt("v=spf1 -all", "v=spf1 mx -all")), ["spf-include-several"], False, "several SPF records"),
    "spf include is open": Case("spf", spf("v=spf1 include:open.net -all", open=txt("v=spf1 +all")), ["spf-include-all"], False, "lets every server"),
    "spf in a circle": Case("spf", spf("v=spf1 include:b.net -all", b=txt(f"v=spf1 include:{HERE} -all")), ["spf-loop"], False, "in a circle"),
    "spf misspelled": Case("spf", spf("v=spf1 inlcude:_spf.google.com -all"), ["spf-syntax"], False, "“inlcude:_spf.google.com”"),
    "spf bad number": Case("spf", spf("v=spf1 ip4:192.0.2.300 -all"), ["spf-syntax"], False, "“ip4:192.0.2.300”"),
    "spf not its beginning": Case("spf", {HERE: MX | txt("spf1 mx -all")}, ["spf-odd"], False, "“spf1 mx -all”"),
    "spf without the provider": Case("spf", spf("v=spf1 mx -all"), ["spf-provider", "spf-ok"], True, "does not name it", {"providers": (MICROSOFT,)}, ("v=spf1 mx include:spf.protection.outlook.com -all",)),
    "spf with the provider": Case("spf", spf("v=spf1 include:spf.protection.outlook.com -all") | {"spf.protection.outlook.com": txt("v=spf1 ip4:192.0.2.0/24 -all")}, ["spf-ok"], True, "takes 1 of", {"providers": (MICROSOFT,)}),
    "spf with macros": Case("spf", spf("v=spf1 include:%{i}._spf.shop.net -all"), ["spf-ok"], True, "takes 1", {"providers": (MICROSOFT,)}),
    "spf elsewhere": Case("spf", spf("v=spf1 mx -all"), ["spf-elsewhere", "spf-ok"], True, "Postmark needs no place", {"providers": (POSTMARK,)}),
    # ---- DKIM
    "dkim good": Case("dkim", dkim(f"v=DKIM1; k=rsa; p={KEY}"), ["dkim-ok"], True, "it has 2048 bits", _SIGNED),
    "dkim seen in our mail": Case("dkim", dkim(f"p={KEY}", "x7"), ["dkim-ok"], True, "The key x7 works", {"seen": ((HERE, "x7"),)}),
    "dkim ed25519": Case("dkim", dkim(f"v=DKIM1; k=ed25519; p={_ed25519()}"), ["dkim-ed25519"], True, "Ed25519", _SIGNED),
    "dkim 1024 bits": Case("dkim", dkim(f"v=DKIM1; p={SHORT_KEY}"), ["dkim-short"], True, "1024 bits", _SIGNED),
    "dkim 512 bits": Case("dkim", dkim(f"v=DKIM1; p={WEAK_KEY}"), ["dkim-weak"], False, "512 bits, which receivers refuse", _SIGNED),
    "dkim withdrawn": Case("dkim", dkim("v=DKIM1; p="), ["dkim-revoked"], False, "was withdrawn", _SIGNED),
    "dkim on trial": Case("dkim", dkim(f"v=DKIM1; t=y; p={KEY}"), ["dkim-testing"], True, "t=y", _SIGNED),
    "dkim cut off": Case("dkim", dkim(f"v=DKIM1; p={KEY[:90]}"), ["dkim-broken"], False, "lost in copying", _SIGNED),
    "dkim sha1 alone": Case("dkim", dkim(f"v=DKIM1; h=sha1; p={KEY}"), ["dkim-not-mail"], False, "is not for mail", _SIGNED),
    "dkim is something else": Case("dkim", dkim("v=spf1 -all"), ["dkim-no-key"], False, "“v=spf1 -all”", _SIGNED),
    "dkim several": Case("dkim", {f"s1._domainkey.{HERE}": txt(f"p={KEY}", f"p={SHORT_KEY}"), HERE: MX}, ["dkim-several"], False, "several keys", _SIGNED),
    "dkim typed and gone": Case("dkim", {HERE: MX}, ["dkim-missing"], False, "take the selector out", _SIGNED),
    "dkim seen and gone": Case("dkim", {HERE: MX}, ["dkim-missing"], False, "every signature fails", {"seen": ((HERE, "x7"),)}),
    "dkim alias leads nowhere": Case("dkim", {HERE: MX, f"s1._domainkey.{HERE}": {"CNAME": ["s1.gone.net."]}}, ["dkim-alias"], False, "points to s1.gone.net", _SIGNED),
    "dkim of the provider": Case("dkim", dkim(f"p={KEY}", "selector1"), ["dkim-ok"], True, "selector1", {"providers": (MICROSOFT,)}),
    "dkim off at the provider": Case("dkim", {HERE: MX}, ["dkim-provider"], None, "that Google Workspace usually takes", {"providers": (GOOGLE,)}),
    "dkim named by the provider": Case("dkim", {HERE: MX}, ["dkim-provider"], None, "Postmark gives its keys names of its own", {"providers": (POSTMARK,)}),
    "dkim below a wildcard": Case("dkim", {HERE: MX, f"google._domainkey.{HERE}": txt("v=spf1 -all")}, ["dkim-provider"], None, "usually takes", {"providers": (GOOGLE,)}),
    "dkim not switched on": Case("dkim", {HERE: MX, f"selector1._domainkey.{HERE}": {"CNAME": ["s1.tenant.net."]}}, ["dkim-alias", "dkim-provider"], None, "switched on there", {"providers": (MICROSOFT,)}),
    "dkim known by heart": Case("dkim", {HERE: MX}, ["dkim-provider"], None, "Fastmail", {"providers": (FASTMAIL,)}, tuple(f"fm{n}.{HERE}.dkim.fmhosted.com." for n in (1, 2, 3))),
    "dkim unknown": Case("dkim", {HERE: MX}, ["dkim-unknown"], None, "not known with which selector"),
    "dkim of another": Case("dkim", {HERE: MX}, ["dkim-unknown", "dkim-other-signer"], None, "not known", {"seen": (("tenant.onmicrosoft.com", "s1"),)}),
    # ---- DMARC
    "dmarc reject": Case("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:d@shop.net"), ["dmarc-reject"], True, "is refused"),
    "dmarc watches": Case("dmarc", dmarc("v=DMARC1; p=none; rua=mailto:d@shop.net"), ["dmarc-none"], True, "write p=quarantine"),
    "dmarc does nothing": Case("dmarc", dmarc("v=DMARC1; p=none"), ["dmarc-blind"], True, "does nothing", adds=(f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{HERE}",)),
    "dmarc missing": Case("dmarc", {HERE: MX}, ["dmarc-missing"], False, "has no DMARC record", adds=(f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{HERE}",)),
    "dmarc in small letters": Case("dmarc", dmarc("v=dmarc1; p=none"), ["dmarc-odd"], False, "in capital letters", adds=(f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{HERE}",)),
    "dmarc twice": Case("dmarc", {HERE: MX, f"_dmarc.{HERE}": txt("v=DMARC1; p=none", "v=DMARC1; p=reject")}, ["dmarc-several"], False, "several DMARC records"),
    "dmarc without a policy": Case("dmarc", dmarc("v=DMARC1; p=block"), ["dmarc-policy"], False, "p=block", adds=(f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{HERE}",)),
    "dmarc for a part": Case("dmarc", dmarc("v=DMARC1; p=quarantine; pct=20; rua=mailto:d@shop.net"), ["dmarc-quarantine", "dmarc-part"], True, "spam folder"),
    "dmarc on trial": Case("dmarc", dmarc("v=DMARC1; p=reject; t=y"), ["dmarc-reject", "dmarc-trial"], True, "refused"),
    "dmarc lets subdomains go": Case("dmarc", dmarc("v=DMARC1; p=reject; sp=none"), ["dmarc-reject", "dmarc-subdomains"], True, "refused"),
    "dmarc strict": Case("dmarc", dmarc("v=DMARC1; p=reject; adkim=s; aspf=s"), ["dmarc-reject", "dmarc-strict"], True, "refused"),
    "dmarc of the organisation": Case("dmarc", dmarc("v=DMARC1; p=reject; sp=quarantine") | {"desk.eu.shop.net": MX}, ["dmarc-above", "dmarc-quarantine"], True, "that of shop.net holds", {"domain": "desk.eu.shop.net"}),
    "dmarc below a border": Case("dmarc", {"eu.shop.net": MX} | dmarc("v=DMARC1; p=reject; psd=y", "net") | dmarc("v=DMARC1; p=none; rua=mailto:d@shop.net"), ["dmarc-above", "dmarc-none"], True, "that of shop.net", {"domain": "eu.shop.net"}),
    "dmarc stops at its own border": Case("dmarc", {"a.eu.shop.net": MX} | dmarc("v=DMARC1; p=none", "shop.net") | dmarc("v=DMARC1; p=reject; psd=n", "eu.shop.net"), ["dmarc-above", "dmarc-reject"], True, "that of eu.shop.net", {"domain": "a.eu.shop.net"}),
    "dmarc reports elsewhere": Case("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:x@reports.net") | _ELSEWHERE, ["dmarc-reject"], True, "refused"),
    "dmarc reports refused": Case("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:x@reports.net"), ["dmarc-reject", "dmarc-reports-refused"], True, "refused"),
    "dmarc reports nowhere": Case("dmarc", dmarc("v=DMARC1; p=reject; rua=d@shop.net"), ["dmarc-reject", "dmarc-reports-odd"], True, "refused"),
    # ---- MX
    "mx good": Case("mx", {HERE: MX, **AT_MX}, ["mx-ok"], True, "a place to go"),
    "mx null": Case("mx", {HERE: {"MX": ["0 ."]}}, ["mx-null"], False, "takes no mail at all"),
    "mx missing": Case("mx", {HERE: txt("v=spf1 -all")}, ["mx-missing"], False, "arrives nowhere"),
    "mx by its address": Case("mx", {HERE: {"A": ["192.0.2.1"]}}, ["mx-implicit"], True, "web server"),
    "mx gone": Case("mx", {HERE: MX}, ["mx-gone"], False, "mx.shop.net"),
    "mx one of two gone": Case("mx", {HERE: {"MX": ["10 mx.shop.net.", "20 old.shop.net."]}, **AT_MX}, ["mx-gone"], True, "old.shop.net"),
    # ---- the domain
    "no such domain": Case("domain", {}, ["domain-absent"], False, "There is no domain shop.net"),
    "an IDN domain": Case("mx", {"xn--bcher-kva.net": MX, **AT_MX}, ["mx-ok"], True, "a place", {"domain": "xn--bcher-kva.net"}),
}  # fmt: skip
