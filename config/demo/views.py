"""The customer's mailbox: the other side of the conversation, for whoever tries Carteria out.

Nobody signs in here, so it answers on this machine alone. It reads the demo's files and writes by
its SMTP server: to Carteria, what it sends is mail like any other.
"""

import uuid
from collections.abc import Callable
from email.utils import formataddr
from functools import wraps
from hashlib import sha256
from ipaddress import ip_address
from smtplib import SMTP
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.console.conversation.mail_frame import HEADERS
from apps.console.conversation.text import parts_of
from apps.core.html import clean_html
from config.demo import letters, office
from config.demo.conversations import Conversation, Letter, conversations, letter_named
from config.demo.forms import WhoForm, WriteForm, is_invented
from config.demo.post import SENT, Post

SHOWN_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}

Rest = ParamSpec("Rest")
View = Callable[Concatenate[Any, Rest], HttpResponse]


def on_this_machine(view: View[Rest]) -> View[Rest]:
    """Neither by another name nor from another machine."""

    @wraps(view)
    def wrapped(request: Any, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if not _is_here(request):
            return render(request, "demo/elsewhere.html", status=403)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return cast(View[Rest], wrapped)


def _is_here(request: HttpRequest) -> bool:
    host = request.get_host()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return name in LOOPBACK and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _post() -> Post:
    return Post(settings.DATA_DIR / "demo" / "mail", office.ADDRESSES, office.MAILBOX)


def _customer_or_404(address: str) -> str:
    if not is_invented(address):
        raise Http404
    return address


# ---- pages ----------------------------------------------------------------------------------


@require_safe
@on_this_machine
def people(request: HttpRequest) -> HttpResponse:
    """Whose mailbox?"""
    form = WhoForm(request.GET) if "address" in request.GET else WhoForm()
    if form.is_bound and form.is_valid():
        facts = {"name": form.cleaned_data["name"], "new": "1"}
        return redirect(f"{form.cleaned_data['address']}/?{urlencode(facts)}")
    return render(request, "demo/people.html", {"form": form, "customers": _customers()})


def _customers() -> list[dict[str, Any]]:
    """Whoever has written, the newest conversation first."""
    post = _post()
    found = []
    for address in filter(is_invented, post.mailboxes()):
        if theirs := conversations(post, address):
            found.append({"address": address, "name": _name(theirs), "newest": theirs[0]})
    return sorted(found, key=lambda one: one["newest"].last.at, reverse=True)


def _name(theirs: list[Conversation]) -> str:
    sent = (letter for one in theirs for letter in one.letters if letter.mine)
    return next((letter.who for letter in sent), "")


@require_safe
@on_this_machine
def mailbox(request: HttpRequest, address: str) -> HttpResponse:
    """Conversations, and one of them beside the list; `?new=1` writes a new mail."""
    chosen = None
    if "new" not in request.GET:
        wanted = request.GET.get("open", "")
        theirs = conversations(_post(), _customer_or_404(address))
        chosen = next((c for c in theirs if any(one.name == wanted for one in c.letters)), None)
    return _page(request, address, chosen)


def _page(
    request: HttpRequest,
    address: str,
    chosen: Conversation | None,
    form: WriteForm | None = None,
) -> HttpResponse:
    theirs = conversations(_post(), _customer_or_404(address))
    answered = chosen.last_of_ours if chosen else None
    context = {
        "address": address,
        "name": request.GET.get("name") or request.POST.get("name") or _name(theirs),
        "conversations": theirs,
        "chosen": chosen,
        "shown": [_shown(letter) for letter in chosen.letters] if chosen else [],
        "answered": answered,
        "writing": "new" in request.GET or (form is not None and not form.answered),
        "form": form or WriteForm(answered=answered),
    }
    return render(request, "demo/mailbox.html", context, status=422 if form else 200)


def _shown(letter: Letter) -> dict[str, Any]:
    return {"letter": letter, "parts": () if letter.html else parts_of(letter.text)}


@require_safe
@on_this_machine
def stamp(request: HttpRequest, address: str) -> HttpResponse:
    """Changes when a mail comes or goes; asked every few seconds."""
    post, owner = _post(), _customer_or_404(address)
    names = [
        mail.path.name for folder in ("INBOX", SENT) for mail in post.folder(owner, folder).mails()
    ]
    uids = sorted(name.partition(".")[0] for name in names)
    return JsonResponse({"stamp": sha256(" ".join(uids).encode()).hexdigest()[:16]})


# ---- writing --------------------------------------------------------------------------------


@require_POST
@on_this_machine
def write(request: HttpRequest, address: str) -> HttpResponse:
    theirs = conversations(_post(), _customer_or_404(address))
    answered = letter_named(_post(), address, request.POST.get("answers", ""))
    form = WriteForm(request.POST, request.FILES, answered=answered)
    if not form.is_valid():
        chosen = next((c for c in theirs if answered and answered in c.letters), None)
        return _page(request, address, chosen, form)
    name = request.POST.get("name") or _name(theirs)
    _send(formataddr((name.replace("\n", " ").replace("\r", " ")[:100], address)), form)
    sent = _post().folder(address, SENT).mails()[-1]
    return redirect(f"../?{urlencode({'open': f'{SENT}-{sent.uid}'})}")


def _send(sender: str, form: WriteForm) -> None:
    answered = form.answered
    raw = letters.compose(
        sender=sender,
        to=form.recipient,
        subject=letters.subject_of_answer(answered.mail)
        if answered
        else form.cleaned_data["subject"],
        text=form.cleaned_data["text"],
        message_id=f"page.{uuid.uuid4().hex}",
        attached=form.attached,
        answers=answered.mail.as_bytes() if answered else b"",
    )
    host, _colon, port = settings.DEMO_SMTP.rpartition(":")
    with SMTP(host, int(port), local_hostname="[127.0.0.1]", timeout=20) as smtp:
        smtp.sendmail(letters.read_address(sender), [form.recipient], raw)


# ---- one mail -------------------------------------------------------------------------------


def _letter_or_404(address: str, name: str) -> Letter:
    letter = letter_named(_post(), _customer_or_404(address), name)
    if letter is None:
        raise Http404
    return letter


@require_safe
@on_this_machine
def frame(request: HttpRequest, address: str, name: str) -> HttpResponse:
    """Its HTML, cleaned; pictures from elsewhere are never loaded."""
    letter = _letter_or_404(address, name)
    parts = {
        str(part["Content-ID"]).strip("<> "): f"../file/{number}/"
        for number, part in enumerate(letter.mail.walk())
        if part["Content-ID"]
    }
    safe = clean_html(letter.html, cid_url=parts.get, text=letter.text)
    # Safe: rebuilt from an allow-list, and the policy below would stop what slips through.
    context = {"body": mark_safe(safe.html), "as_text": safe.as_text}
    response = render(request, "console/mail_frame.html", context)
    for header, value in HEADERS.items():
        response[header] = value
    return response


@require_safe
@on_this_machine
def source(request: HttpRequest, address: str, name: str) -> HttpResponse:
    raw = _letter_or_404(address, name).mail.as_bytes()
    return HttpResponse(raw, content_type="text/plain; charset=utf-8")


@require_safe
@on_this_machine
def file(request: HttpRequest, address: str, name: str, number: int) -> HttpResponse:
    """Pictures may be shown, all else is only downloaded."""
    parts = [*_letter_or_404(address, name).mail.walk()]
    if not 0 < number < len(parts) or parts[number].is_multipart():
        raise Http404
    part = parts[number]
    kind = part.get_content_type()
    content = part.get_payload(decode=True)
    as_picture = kind in SHOWN_PICTURES
    response = HttpResponse(
        content, content_type=kind if as_picture else "application/octet-stream"
    )
    if not as_picture:
        file_name = part.get_filename() or _("file")
        response.headers["Content-Disposition"] = (
            f"attachment; filename*=UTF-8''{_quoted(file_name)}"
        )
    return response


def _quoted(name: str) -> str:
    return urlencode({"": name})[1:].replace("+", "%20")
