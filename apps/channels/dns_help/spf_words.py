"""What is said of an SPF record; `NAME % facts`, in whichever language."""

from apps.channels.dns_help.answers import Tone
from apps.core.sentences import gettext_noop

MISSING = gettext_noop(
    "%(domain)s has no SPF record: no receiver can tell your servers from anybody else's, and some"
    " put such mail into the spam folder. Add the record below."
)
MISSING_ELSEWHERE = gettext_noop(
    "%(domain)s has no SPF record. Your provider's mails do not need it, since they bear a return"
    " address of the provider. If other servers send for the domain too, name them in one."
)
ODD = gettext_noop(
    "A record was meant as SPF and is none: “%(text)s”. It has to begin with v=spf1 and a space,"
    " without quotation marks of its own."
)
SEVERAL = gettext_noop(
    "There are %(n)d SPF records, and only one is allowed: receivers then take none of them. Put"
    " all into one, as below, and delete the others."
)
SYNTAX = gettext_noop(
    "Receivers cannot read “%(word)s” in the record of %(name)s and give up the whole record."
    " Correct this word; often it is a letter too much or a missing colon."
)
LOOP = gettext_noop(
    "The record leads back to %(name)s in a circle, and receivers give it up. Take that include or"
    " redirect out."
)
EMPTY = gettext_noop(
    "It names %(name)s, where there is no SPF record, and receivers give up the whole record."
    " Correct the name, or take it out."
)
TWO = gettext_noop(
    "It names %(name)s, which has several SPF records, and receivers give up the whole record. Take"
    " it out, or tell whoever keeps that name."
)
INCLUDES_ALL = gettext_noop(
    "It names %(name)s, whose record lets every server in the world send as you. Take it out."
)
LOOKUPS = gettext_noop(
    "Receivers need %(n)d further look-ups to work through it, and give up after %(most)d. Take out"
    " includes of services that no longer send for you."
)
VOID = gettext_noop(
    "%(n)d names in it do not exist (%(names)s); receivers give up after two. Take them out."
)
PTR = gettext_noop("“ptr” in it is slow and no longer to be used. Take it out.")
PROVIDER = gettext_noop(
    "Your mail leaves by %(provider)s, and the record does not name it. Unless its addresses stand"
    " there one by one, add include:%(include)s, as below."
)
ELSEWHERE = gettext_noop(
    "%(provider)s needs no place in this record: its mails bear a return address that it looks"
    " after itself."
)
HOST = gettext_noop(
    "Your mail leaves by %(host)s. Whoever runs that server can tell whether the record covers the"
    " addresses it sends from."
)
OK = gettext_noop("The record can be read; it takes %(n)d of the %(most)d look-ups allowed.")
ENDINGS: dict[str, tuple[str, Tone, str]] = {
    "+": (
        "spf-all",
        "danger",
        gettext_noop(
            "It ends with “+all”: every server in the world may send as you. End it with ~all."
        ),
    ),
    "?": (
        "spf-neutral",
        "warn",
        gettext_noop("It ends with “?all”, which asks nothing of other servers. End it with ~all."),
    ),
    "": (
        "spf-open",
        "warn",
        gettext_noop(
            "It does not say what holds for all other servers, so it asks nothing of them. End it"
            " with ~all."
        ),
    ),
}
