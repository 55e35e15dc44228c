"""OAuth profiles; accounts sign in through them."""

from apps.channels.models import OAuthProfile
from config.configure.rows import (
    CannotApply,
    Changes,
    Values,
    delete,
    picked,
    save_by_rules,
    sealed,
)

# A stored secret was given for these; where one changes, the file gives it again.
WHERE_IT_GOES = ("provider", "tenant", "client_id", "token_url")
KEYS = (*WHERE_IT_GOES, "flow", "secret_until", "authorize_url", "scopes")


def put_profile(values: Values, changes: Changes) -> None:
    name = values["name"]
    profile = OAuthProfile.objects.filter(name=name).first()
    new = profile is None
    profile = profile or OAuthProfile(name=name)
    fields = picked(values, *KEYS)
    moved = any(getattr(profile, key) != fields[key] for key in WHERE_IT_GOES if key in fields)
    if profile.client_secret and moved and "client_secret" not in values:
        sentence = "It would go to another server or application: give the secret here as well."
        raise CannotApply("client_secret", sentence)
    if new and not fields.get("client_id"):
        raise CannotApply("client_id", "A new profile needs the client ID of the provider.")
    fields |= sealed(profile, "client_secret", values.get("client_secret"))
    changed = save_by_rules(profile, fields)
    changes.put("OAuth profile", name, new=new, changed=changed)


def remove_profile(name: str, changes: Changes) -> None:
    cure = "let its accounts sign in another way first"
    delete(OAuthProfile.objects.filter(name=name), "OAuth profile", name, changes, cure)
