"""What mail providers want to stand in the DNS of their customers' domains.

As they publish it; checked in November 2026. Mailgun's mails come back to the very domain that was
registered there, so SPF counts; those of the others bear a return address of the provider, or one
in a subdomain that points to it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """`include` for SPF; `bounces_elsewhere`: its mails bear a return address of its own, so SPF of
    our domain is not asked. `aliases`: where each selector's CNAME points, {} is the domain."""

    key: str
    name: str
    include: str
    hosts: tuple[str, ...]  # of SMTP; a dot in front: every name that ends so
    selectors: tuple[str, ...] = ()
    aliases: str = ""
    bounces_elsewhere: bool = False


PROVIDERS = (
    Provider(
        "google",
        "Google Workspace",
        "_spf.google.com",
        ("smtp.gmail.com", "smtp-relay.gmail.com", "smtp.googlemail.com"),
        ("google",),
    ),
    Provider(
        "microsoft",
        "Microsoft 365",
        "spf.protection.outlook.com",
        ("smtp.office365.com", "smtp-hve.office365.com", ".mail.protection.outlook.com"),
        ("selector1", "selector2"),
    ),
    Provider(
        "fastmail",
        "Fastmail",
        "spf.messagingengine.com",
        ("smtp.fastmail.com", ".messagingengine.com"),
        ("fm1", "fm2", "fm3"),
        aliases="{selector}.{domain}.dkim.fmhosted.com",
    ),
    Provider("ses", "Amazon SES", "amazonses.com", (".amazonaws.com",), bounces_elsewhere=True),
    Provider(
        "mailgun",
        "Mailgun",
        "mailgun.org",
        ("smtp.mailgun.org", "smtp.eu.mailgun.org"),
        ("mailo", "smtp", "k1"),
    ),
    Provider(
        "postmark",
        "Postmark",
        "spf.mtasv.net",
        ("smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com"),
        bounces_elsewhere=True,
    ),
    Provider(
        "sendgrid",
        "SendGrid",
        "sendgrid.net",
        ("smtp.sendgrid.net", "smtp.eu.sendgrid.net"),
        ("s1", "s2"),
        bounces_elsewhere=True,
    ),
    Provider(
        "brevo",
        "Brevo",
        "spf.brevo.com",
        ("smtp-relay.brevo.com", "smtp-relay.sendinblue.com"),
        ("brevo1", "brevo2", "mail"),
        bounces_elsewhere=True,
    ),
)
BY_KEY = {one.key: one for one in PROVIDERS}


def provider_of_host(host: str) -> Provider | None:
    name = host.lower().rstrip(".")
    return next((one for one in PROVIDERS if any(_is_of(name, at) for at in one.hosts)), None)


def _is_of(name: str, host: str) -> bool:
    return name.endswith(host) if host.startswith(".") else name == host


@dataclass(frozen=True, slots=True)
class Sending:
    """How mail of a domain leaves us: by these providers, and by servers that nobody knows here.

    `selectors` were typed; `seen` are the pairs of domain and selector that mails of ours bore
    which came back.
    """

    domain: str
    providers: tuple[Provider, ...] = ()
    hosts: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
