"""Senders and what is to be thought of them, as data: headers, then the codes that must be said."""

from apps.channels.trust import Contacts, Ours

OURS = Ours(
    addresses=frozenset({"support@carteria.test", "help@carteria.test", "help@acme.example"}),
    names=frozenset({"carteria customer care", "support"}),
    agents=frozenset({"alice@agents.test"}),
    people=frozenset({"alice ader"}),
    servers=("mx.carteria.test",),
)
CONTACTS = Contacts(
    sites=frozenset({"client.example", "abc.example"}),
    addresses_of={"carla costa": {"carla@client.example"}},
)
KNOWN = ("ann@example.com", "bob@bigcorp.example")
RECEIVED = "Received: from outside by mx.carteria.test; Tue, 4 Mar 2025 09:30:00 +0100\n"


def by(results: str, server: str = "mx.carteria.test") -> str:
    return f"Authentication-Results: {server}; {results}\n"


PASSED = by("dmarc=pass header.from=example.com")
FROM = "From: Ann Miller <ann@example.com>\n"

# name: (headers, level, codes)
CASES: dict[str, tuple[str, str, set[str]]] = {
    # nothing to say
    "a plain sender": (FROM, "neutral", set()),
    "no name": ("From: ann@example.com\n", "neutral", set()),
    "a reply address of the same domain": (
        FROM + "Reply-To: office@example.com\n",
        "neutral",
        set(),
    ),
    "a reply address below the same domain": (
        FROM + "Reply-To: ann@mail.example.com\n",
        "neutral",
        set(),
    ),
    "a reply address that is ours": (FROM + "Reply-To: support@carteria.test\n", "neutral", set()),
    "the address as a name": ("From: ann@example.com <ann@example.com>\n", "neutral", set()),
    "a colleague's address as a name": (
        "From: bob@example.com <ann@example.com>\n",
        "neutral",
        set(),
    ),
    "the same sender twice in one field": (
        "From: ann@example.com, ann@example.com\n",
        "neutral",
        set(),
    ),
    "a name in Cyrillic": ("From: Анна Иванова <anna@example.com>\n", "neutral", set()),
    "a name in Hebrew with marks": (
        "From: \u200fדנה כהן\u200f <dana@example.com>\n",
        "neutral",
        set(),
    ),
    "a name in Persian with a joiner": ("From: می\u200cخواهم <m@example.com>\n", "neutral", set()),
    "a name in Japanese and Latin": ("From: 田中 Taro タロウ <t@example.com>\n", "neutral", set()),
    "a name with an emoji": ("From: Ann 👩\u200d💻 <ann@example.com>\n", "neutral", set()),
    "words of two scripts side by side": ("From: Анна Miller <a@example.com>\n", "neutral", set()),
    "a support desk like any": ("From: Support <desk@vendor.example>\n", "neutral", set()),
    "a list": (
        FROM + "List-Id: <talk.example.org>\nReply-To: talk@example.org\nSender: b@example.org\n",
        "neutral",
        set(),
    ),
    "another provider": ("From: ann@ymail.com\n", "neutral", set()),
    "a short other name": ("From: ann@dhl.example\n", "neutral", set()),
    # quiet facts
    "a domain in German letters": ("From: ann@bücher.example\n", "neutral", {"foreign-letters"}),
    "the same, as servers write it": (
        "From: ann@xn--bcher-kva.example\n",
        "neutral",
        {"foreign-letters"},
    ),
    "a domain wholly in Cyrillic": ("From: a@почта.рф\n", "neutral", {"foreign-letters"}),
    "sent by somebody else": (FROM + "Sender: bulk@esp.example\n", "neutral", {"sent-by"}),
    # fields
    "no sender": ("To: support@carteria.test\n", "warning", {"no-sender"}),
    "two senders in one field": (
        "From: ann@example.com, eve@evil.example\n",
        "warning",
        {"several-senders"},
    ),
    "two From fields": (FROM + "From: eve@evil.example\n", "warning", {"several-senders"}),
    "the same From field twice": (FROM + FROM, "warning", {"doubled-sender"}),
    "answers go elsewhere": (
        FROM + "Reply-To: ann@evil.example\n",
        "warning",
        {"reply-elsewhere"},
    ),
    "answers go to another box of a provider": (
        "From: boss@gmail.com\nReply-To: boss1@gmail.com\n",
        "warning",
        {"reply-elsewhere"},
    ),
    # names
    "the name shows another address": (
        'From: "ann@example.com" <eve@evil.example>\n',
        "warning",
        {"name-shows-other"},
    ),
    "the name shows one in an encoded word": (
        "From: =?utf-8?b?Ym9zc0BiYW5rLmV4YW1wbGU=?= <eve@evil.example>\n",
        "warning",
        {"name-shows-other"},
    ),
    "the name shows one in wide letters": (
        "From: boss＠bank．example <eve@evil.example>\n",
        "warning",
        {"name-shows-other"},
    ),
    "the name shows our address": (
        'From: "support@carteria.test" <eve@evil.example>\n',
        "warning",
        {"name-shows-other"},
    ),
    "the name shows our domain": (
        "From: Carteria.test Billing <eve@evil.example>\n",
        "warning",
        {"name-is-ours"},
    ),
    "the name is our From name": (
        "From: Carteria  Customer Care <eve@evil.example>\n",
        "warning",
        {"name-is-ours"},
    ),
    "the name is ours in twins": (
        "From: Carteria Custorner Care <eve@evil.example>\n",
        "warning",
        {"name-is-ours"},
    ),
    # look-alikes
    "one letter less": ("From: a@cartera.test\n", "warning", {"looks-like"}),
    "one letter more": ("From: a@carteriaa.test\n", "warning", {"looks-like"}),
    "two letters swapped": ("From: a@cartreia.test\n", "warning", {"looks-like"}),
    "a digit for a letter": ("From: a@bigc0rp.example\n", "warning", {"looks-like"}),
    "rn for m": ("From: a@exarnple.com\n", "warning", {"looks-like"}),
    "one for l": ("From: a@paypa1.com\n", "warning", {"looks-like"}),
    "a hyphen more": ("From: a@car-teria.test\n", "warning", {"looks-like"}),
    "our domain at the left": ("From: a@carteria.test.evil.example\n", "warning", {"looks-like"}),
    "our domain with a hyphen": ("From: a@carteria-test.example\n", "warning", {"looks-like"}),
    "an ending cut short": ("From: a@example.co\n", "warning", {"looks-like"}),
    "a dotless letter": (
        "From: a@carterıa.test\n",
        "warning",
        {"looks-like", "foreign-letters"},
    ),
    "an accent": ("From: a@cartería.test\n", "warning", {"looks-like", "foreign-letters"}),
    # scripts
    "Cyrillic within Latin": ("From: a@pаypal.com\n", "warning", {"mixed-domain", "looks-like"}),
    "Cyrillic within Latin, as servers write it": (
        "From: a@xn--pypal-4ve.com\n",
        "warning",
        {"mixed-domain", "looks-like"},
    ),
    "wholly in twins": ("From: a@аррӏе.com\n", "warning", {"mixed-domain", "looks-like"}),
    "Greek within Latin": ("From: a@gοοgle.com\n", "warning", {"mixed-domain", "looks-like"}),
    "Cyrillic within the box": ("From: аnn@example.com\n", "warning", {"mixed-address"}),
    "Cyrillic within the name": ("From: Раypal <a@other.example>\n", "warning", {"mixed-name"}),
    # what nobody sees
    "a zero-width space in the name": (
        "From: Ann\u200bMiller <ann@example.com>\n",
        "warning",
        {"hidden-in-name"},
    ),
    "a turned name": ("From: \u202emoc.knab <a@other.example>\n", "warning", {"hidden-in-name"}),
    "a joiner in a Latin name": (
        "From: An\u200dn <a@other.example>\n",
        "warning",
        {"hidden-in-name"},
    ),
    "a mark without its script": (
        "From: Ann\u200e <a@other.example>\n",
        "warning",
        {"hidden-in-name"},
    ),
    "tags in the name": ("From: Ann\U000e0041 <a@other.example>\n", "warning", {"hidden-in-name"}),
    "a zero-width space in the domain": (
        "From: a@exam\u200bple.com\n",
        "warning",
        {"hidden-in-address", "looks-like", "foreign-letters"},
    ),
    "a soft hyphen in the box": (
        "From: a\u00adb@other.example\n",
        "warning",
        {"hidden-in-address"},
    ),
    "a turn in the address": ("From: a\u202eb@other.example\n", "warning", {"hidden-in-address"}),
    # ourselves
    "our own address": ("From: Support <support@carteria.test>\n", "warning", {"our-address"}),
    "our own address, proved": (
        by("dmarc=pass header.from=carteria.test") + "From: support@carteria.test\n",
        "verified",
        {"authenticated"},
    ),
    "an agent's address": ("From: Alice@agents.test\n", "warning", {"agent-address"}),
    "an agent's address, proved": (
        by("dkim=pass header.d=agents.test") + "From: alice@agents.test\n",
        "verified",
        {"authenticated"},
    ),
    "our domain, nothing proved": ("From: boss@carteria.test\n", "warning", {"our-domain"}),
    # proof
    "DMARC passed": (PASSED + RECEIVED + FROM, "verified", {"authenticated"}),
    "DKIM passed and aligned": (
        by("dkim=pass header.d=example.com header.s=k") + FROM,
        "verified",
        {"authenticated"},
    ),
    "DKIM by identity": (
        by("dkim=pass header.i=@example.com") + FROM,
        "verified",
        {"authenticated"},
    ),
    "SPF passed and aligned": (
        by("spf=pass (ok; really) smtp.mailfrom=ann@example.com") + FROM,
        "verified",
        {"authenticated"},
    ),
    "DKIM of the domain above": (
        by("dkim=pass header.d=example.com") + "From: a@mail.example.com\n",
        "verified",
        {"authenticated"},
    ),
    "DKIM of somebody else": (
        by("dkim=pass header.d=esp.example") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "SPF of somebody else": (
        by("spf=pass smtp.mailfrom=x@esp.example") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "DMARC of somebody else": (
        by("dmarc=pass header.from=evil.example") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "DMARC failed": (
        by("dkim=pass header.d=example.com; dmarc=fail header.from=example.com") + FROM,
        "warning",
        {"not-authentic"},
    ),
    "SPF failed": (by("spf=fail smtp.mailfrom=example.com") + FROM, "warning", {"not-authentic"}),
    "SPF failed, DKIM passed": (
        by("spf=fail smtp.mailfrom=x.example; dkim=pass header.d=example.com") + FROM,
        "verified",
        {"authenticated"},
    ),
    "a list broke the signature": (
        by("dkim=fail header.d=example.com") + FROM + "List-Id: <l.example>\n",
        "neutral",
        {"not-proved"},
    ),
    "nothing found": (
        by("dmarc=none; spf=none; dkim=none") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "another server says so": (by("dmarc=pass", "mx.evil.example") + FROM, "neutral", set()),
    "no server is named": ("Authentication-Results: dmarc=pass\n" + FROM, "neutral", set()),
    "forged below the Received of our side": (
        by("dmarc=fail header.from=example.com") + RECEIVED + PASSED + FROM,
        "warning",
        {"not-authentic"},
    ),
    "forged below one that says nothing": (
        by("dmarc=none") + RECEIVED + PASSED + FROM,
        "neutral",
        {"not-proved"},
    ),
    "forged beside one that stands below a Received": (
        RECEIVED + by("dmarc=none") + PASSED + FROM,
        "neutral",
        {"not-proved"},
    ),
    "two fields of our server on top": (
        by("spf=none") + by("dkim=pass header.d=example.com") + RECEIVED + FROM,
        "verified",
        {"authenticated"},
    ),
    "the server's name in a comment": (
        "Authentication-Results: evil.example (mx.carteria.test); dmarc=pass\n" + FROM,
        "neutral",
        set(),
    ),
    "a result within a quoted reason": (
        by('dmarc=none reason="; dmarc=pass header.from=example.com"') + FROM,
        "neutral",
        {"not-proved"},
    ),
    "the name with a version": (
        by("dmarc=pass", "MX.carteria.test 1") + FROM,
        "verified",
        {"authenticated"},
    ),
    "proved, but two senders": (
        PASSED + "From: ann@example.com, eve@evil.example\n",
        "warning",
        {"several-senders"},
    ),
    "proved, but it looks like ours": (
        by("dmarc=pass header.from=cartera.test") + "From: a@cartera.test\n",
        "warning",
        {"looks-like", "authenticated"},
    ),
    "proved, but answers go elsewhere": (
        PASSED + FROM + "Reply-To: x@evil.example\n",
        "warning",
        {"reply-elsewhere", "authenticated"},
    ),
    # answers that go elsewhere, as they should
    "a no-reply sender, help in the same house": (
        "From: no-reply@example.com\nReply-To: help@support.example.com\n",
        "neutral",
        set(),
    ),
    "a no-reply sender for somebody else": (
        "From: Invoices <noreply@billing.example>\nReply-To: ann@example.com\n",
        "neutral",
        {"answers-for-others"},
    ),
    "a form of a web site": (
        "From: wordpress@shop.example\nReply-To: ann@gmail.com\n",
        "neutral",
        {"answers-for-others"},
    ),
    "a form that shows for whom": (
        'From: "ann@gmail.com" <forms@shop.example>\nReply-To: ann@gmail.com\n',
        "neutral",
        {"answers-for-others"},
    ),
    "a ticket system with the company's name": (
        "From: help@vendor.example\nReply-To: support+id1234@vendor.zendesk.com\n",
        "neutral",
        set(),
    ),
    "a ticket system with the company's box": (
        "From: help@vendor.example\nReply-To: vendor@service-now.com\n",
        "neutral",
        set(),
    ),
    "a ticket system of somebody else": (
        "From: help@vendor.example\nReply-To: support@evil.zendesk.com\n",
        "warning",
        {"reply-elsewhere"},
    ),
    "a platform's reply address below its domain": (
        "From: Ann <notifications@hub.example>\nReply-To: reply+a1b2@reply.hub.example\n",
        "neutral",
        set(),
    ),
    "a list that writes for a member": (
        "From: \"'ann@corp.example' via Talk\" <talk@lists.example>\n"
        "Reply-To: ann@corp.example\nList-Id: <talk.lists.example>\n",
        "neutral",
        set(),
    ),
    "bulk mail answered elsewhere": (
        "From: Shop <news@shop.example>\nReply-To: care@esp.example\nPrecedence: bulk\n",
        "neutral",
        set(),
    ),
    "a list is no excuse for our name": (
        'From: "support@carteria.test via Talk" <talk@evil.example>\n'
        "Reply-To: support@carteria.test\nList-Id: <talk.evil.example>\n",
        "warning",
        {"name-shows-other"},
    ),
    "nor a no-reply box for a bank's": (
        'From: "service@paypal.com" <noreply@evil.example>\nReply-To: service@paypal.com\n',
        "warning",
        {"name-shows-other", "answers-for-others"},
    ),
    "a box that only begins like one": (
        "From: norbert@example.com\nReply-To: x@evil.example\n",
        "warning",
        {"reply-elsewhere"},
    ),
    # names of people
    "a colleague's name from elsewhere": (
        "From: alice  ADER <alice.ader@gmail.com>\n",
        "warning",
        {"name-of-colleague"},
    ),
    "a colleague's name from the own address": (
        by("dkim=pass header.d=agents.test") + "From: Alice Ader <alice@agents.test>\n",
        "verified",
        {"authenticated"},
    ),
    "a colleague's first name": ("From: Alice <alice@other.example>\n", "neutral", set()),
    "a known name from another address": (
        "From: Carla Costa <carla@elsewhere.example>\n",
        "neutral",
        {"namesake"},
    ),
    "the daemon of another server": (
        "From: Carla Costa <mailer-daemon@elsewhere.example>\nReturn-Path: <>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
        "Not delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        "neutral",
        set(),
    ),
    "a known name from its address": (
        "From: Carla Costa <CARLA@client.example>\n",
        "neutral",
        set(),
    ),
    # addresses that hide where they end
    "an address before the address": (
        'From: "ann@bank.example"@evil.example\n',
        "warning",
        {"address-in-address"},
    ),
    "an escaped address before the address": (
        "From: ann%40bank.example@evil.example\n",
        "warning",
        {"address-in-address"},
    ),
    "a very long box": (
        f"From: ann.of.the.bank{'-' * 60}@evil.example\n",
        "warning",
        {"long-address"},
    ),
    "the longest box that mail allows": (
        f"From: {'a' * 64}@example.com\n",
        "neutral",
        set(),
    ),
    "a bounce box of a list": (
        "From: talk+bounces-12345-ann=example.org@lists.example\n",
        "neutral",
        set(),
    ),
    # domains of those who wrote before
    "one letter less than a contact": (
        "From: a@cliet.example\n",
        "warning",
        {"looks-like"},
    ),
    "twins of a contact": ("From: a@cIient.example\n", "warning", {"looks-like"}),
    "a contact itself": ("From: a@mail.client.example\n", "neutral", set()),
    "a contact's domain at the left": (
        "From: a@client.example.evil.example\n",
        "warning",
        {"looks-like"},
    ),
    "short names of contacts are near by chance": ("From: a@abd.example\n", "neutral", set()),
    "a short name of our own is not": ("From: a@acne.example\n", "warning", {"looks-like"}),
    "right to left within the domain": (
        "From: a@exam\u05d0ple.com\n",
        "warning",
        {"mixed-domain", "looks-like"},
    ),
    "a domain wholly in Hebrew": ("From: a@דוגמה.example\n", "neutral", {"foreign-letters"}),
    "a joiner in the domain": (
        "From: a@pay\u200dpal.com\n",
        "warning",
        {"hidden-in-address", "foreign-letters"},
    ),
    # what servers found
    "a soft failure is no failure": (
        by("spf=softfail smtp.mailfrom=example.com; dkim=none; dmarc=none") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "a check that could not be made": (
        by("spf=temperror smtp.mailfrom=example.com; dkim=permerror") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "a seal of forwarders proves no sender": (
        by("arc=pass; dmarc=none; dkim=none") + FROM,
        "neutral",
        {"not-proved"},
    ),
    "what a forwarder found": (
        "ARC-Authentication-Results: i=1; mx.carteria.test; dmarc=pass header.from=example.com\n"
        + FROM,
        "neutral",
        set(),
    ),
    "a forwarder's seal mends no failure": (
        "ARC-Authentication-Results: i=1; mx.evil.example; dmarc=pass header.from=example.com\n"
        + by("arc=pass; dmarc=fail header.from=example.com")
        + FROM,
        "warning",
        {"not-authentic"},
    ),
    "a list that signs for itself": (
        by("dkim=pass header.d=lists.example; dmarc=fail header.from=example.com")
        + FROM
        + "List-Id: <talk.lists.example>\n",
        "neutral",
        {"through-list"},
    ),
    "DMARC failed, and no list signed": (
        by("dmarc=fail header.from=example.com") + FROM + "List-Id: <talk.lists.example>\n",
        "warning",
        {"not-authentic"},
    ),
    "our domain through a list": (
        by("dkim=pass header.d=lists.example; dmarc=fail header.from=carteria.test")
        + "From: boss@carteria.test\nList-Id: <talk.lists.example>\n",
        "warning",
        {"our-domain", "through-list"},
    ),
    "forged above the Received of a stranger": (
        by("dmarc=pass header.from=example.com", "mx.evil.example")
        + by("dmarc=fail header.from=example.com")
        + RECEIVED
        + FROM,
        "warning",
        {"not-authentic"},
    ),
    "a server whose name only begins like ours": (
        by("dmarc=pass header.from=example.com", "mx.carteria.test.evil.example") + FROM,
        "neutral",
        set(),
    ),
    "a server's name in a quoted word of a stranger": (
        by("dmarc=pass header.from=example.com", '"mx.evil.example; mx.carteria.test"') + FROM,
        "neutral",
        set(),
    ),
    "a field that is folded and full of comments": (
        "Authentication-Results: mx.carteria.test (a (nested) one);\n"
        "\tdkim=pass (good) header.d=example.com\n\t(that is all)\n" + FROM,
        "verified",
        {"authenticated"},
    ),
    "a field as large providers write it": (
        "Authentication-Results: mx.carteria.test;\n dkim=pass header.i=@example.com header.s=s1"
        " header.b=AbC1;\n spf=pass (x: domain of ann@example.com designates 192.0.2.1 as permitted"
        " sender) smtp.mailfrom=ann@example.com;\n dmarc=pass (p=REJECT sp=REJECT dis=NONE)"
        " header.from=example.com\n" + FROM,
        "verified",
        {"authenticated"},
    ),
    # signed and encrypted: said, and neither for nor against anybody
    "signed in one piece": (
        FROM + "Content-Type: application/pkcs7-mime; smime-type=signed-data\n",
        "neutral",
        {"smime-signed"},
    ),
    "encrypted": (
        PASSED + FROM + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n",
        "verified",
        {"authenticated", "smime-encrypted"},
    ),
    "signed within the text": (
        FROM + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n",
        "neutral",
        {"pgp-signed"},
    ),
    "encrypted within the text": (
        FROM + "\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n",
        "neutral",
        {"pgp-encrypted"},
    ),
}
