"""A move in sentences for an administrator: what will happen, what to look after, how far it is."""

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.models import EmailAccount, Mailbox, MailboxMove
from apps.tickets.moving.look import FolderSeen, Seen
from apps.tickets.moving.move import known_until
from apps.tickets.moving.settling import waits_for

MOST_NAMED = 5


def what_happens(mailbox: Mailbox, target: EmailAccount, seen: Seen) -> list[str]:
    """In the order in which somebody would ask."""
    named = {"address": mailbox.address, "old": mailbox.account.name, "new": target.name}
    return [
        *_what_goes_along(seen.counts, named),
        *_what_lies_there(mailbox, seen, named),
        _(
            "%(old)s is fetched once more, and on until you switch it off: what still arrives"
            " there for %(address)s is taken in as before."
        )
        % named,
        _(
            "Until both accounts have been read, nothing automatic answers mail to %(address)s."
            " That takes a minute or two."
        )
        % named,
    ]


def _what_goes_along(counts: dict[str, int], named: dict[str, str]) -> Iterator[str]:
    words = ngettext(
        "%(n)s conversation keeps its sessions, its ticket and its drafts.",
        "%(n)s conversations keep their sessions, tickets and drafts.",
        counts["threads"],
    )
    yield words % {"n": counts["threads"]}
    if queued := counts["queued"]:
        words = ngettext(
            "%(n)s mail that waits to be sent leaves by %(new)s.",
            "%(n)s mails that wait to be sent leave by %(new)s.",
            queued,
        )
        yield words % {"n": queued, **named}
    if unknown := counts["unknown"]:
        words = ngettext(
            "%(n)s mail in doubt is not sent again; it is still looked for at %(old)s.",
            "%(n)s mails in doubt are not sent again; they are still looked for at %(old)s.",
            unknown,
        )
        yield words % {"n": unknown, **named}


def _what_lies_there(mailbox: Mailbox, seen: Seen, named: dict[str, str]) -> Iterator[str]:
    yield from (_folder(one) for one in seen.folders)
    until = known_until(mailbox.account)
    if until and seen.folders:
        told = {"when": date_format(localtime(until), "SHORT_DATETIME_FORMAT")}
        yield (
            _(
                "Of the others, what is newer than %(when)s is taken in, so that nothing is lost in"
                " between. What is older is listed as mail from before the start, which you can"
                " bring in."
            )
            % told
        )
    if seen.held:
        yield _(
            "%(held)s mails are held at %(new)s because no mailbox took them; %(taken)s of them"
            " are taken in now."
        ) % {"held": seen.held, "taken": seen.taken, **named}


def _folder(seen: FolderSeen) -> str:
    told = {"n": seen.mails, "folder": seen.name, "known": seen.known, "looked": seen.looked_at}
    if not seen.mails:
        return _("%(folder)s of the new account is empty.") % told
    if seen.looked_at < seen.mails:
        return (
            _(
                "%(folder)s of the new account has %(n)s mails; of the newest %(looked)s, %(known)s"
                " are here already and come to nobody twice."
            )
            % told
        )
    return (
        _(
            "%(folder)s of the new account has %(n)s mails; %(known)s of them are here already and"
            " come to nobody twice."
        )
        % told
    )


# ---- what to look after -------------------------------------------------------------------


def warnings(mailbox: Mailbox, target: EmailAccount, seen: Seen) -> list[str]:
    """What may stay as it is, and probably should not."""
    return [
        *_of_target(target, seen),
        *_of_trust(mailbox.account, target),
        *_of_others(mailbox, target),
        *_of_proofs(mailbox),
    ]


def _of_target(target: EmailAccount, seen: Seen) -> Iterator[str]:
    named = {"new": target.name, "why": seen.trouble or target.status_sentence}
    if seen.trouble or target.status == EmailAccount.Status.FAILING:
        yield _("%(new)s does not work: %(why)s") % named
    elif target.fetches and target.last_fetched_at is None:
        yield _("%(new)s was not fetched yet: test its connection first.") % named
    if target.send_kind == EmailAccount.Send.NONE:
        yield _("%(new)s does not send: nobody could answer from this address.") % named
    if target.receive_kind != EmailAccount.Receive.IMAP:
        yield _("What lies at %(new)s cannot be counted before the move.") % named


def _of_trust(before: EmailAccount, target: EmailAccount) -> Iterator[str]:
    if before.trusted_servers and not target.trusted_servers:
        yield _(
            "%(new)s names no server that checks senders: nothing in a mail proves its sender until"
            " you name one on its page."
        ) % {"new": target.name}


def _of_others(mailbox: Mailbox, target: EmailAccount) -> Iterator[str]:
    before, named = mailbox.account, {"old": mailbox.account.name, "new": target.name}
    others = [one.address for one in before.mailboxes.exclude(pk=mailbox.pk).order_by("pk")]
    if others:
        said = ", ".join(others[:MOST_NAMED]) + (", …" if len(others) > MOST_NAMED else "")
        yield _(
            "Other addresses stay at %(old)s: %(others)s. Mail there that names no address of yours"
            " goes to %(first)s."
        ) % {"others": said, "first": others[0], **named}
    elif before.canary:
        yield (
            _("%(old)s has no mailbox left, so that its hourly test mail is switched off.") % named
        )
    if first := target.mailboxes.order_by("pk").first():
        yield _("Mail at %(new)s that names no address of yours goes to %(first)s.") % {
            "first": first.address,
            **named,
        }


def _of_proofs(mailbox: Mailbox) -> Iterator[str]:
    if mailbox.reply_token in (Mailbox.ReplyToken.ON, Mailbox.ReplyToken.ASKED):
        yield _("The reply address with a token is off until you have tried it at the new account.")


# ---- how far it is ------------------------------------------------------------------------


def how_it_is(move: MailboxMove) -> str:
    """One sentence."""
    named = {"old": move.from_name, "new": move.to_name}
    if move.settled_at:
        return _("Settled: %(how)s.") % {"how": move.get_settled_how_display()}
    match waits_for(move):
        case "new":
            return _("%(new)s is being read to its end.") % named
        case "old":
            return _("%(old)s is being read once more.") % named
        case "taking-in":
            return _("What both have brought is being taken in.")
    return _("All is read; it is settled within a minute.")


def what_was_found(move: MailboxMove) -> list[str]:
    """The numbers as they were then."""
    counts = move.counts
    told = {"there": counts.get("there", 0), "known": counts.get("known", 0)}
    told |= {one: counts.get(one, 0) for one in ("threads", "queued", "unknown", "taken")}
    said = [
        _(
            "%(threads)s conversations went along, %(queued)s mails that waited to be sent,"
            " %(unknown)s in doubt."
        )
        % told
    ]
    if "there" in counts:
        said.append(
            _("%(there)s mails lay at the new account; %(known)s of them were known.") % told
        )
    if told["taken"]:
        said.append(_("%(taken)s mails that were held there were taken in.") % told)
    return said
