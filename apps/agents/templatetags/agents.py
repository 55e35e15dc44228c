"""What the frame of a page needs of the agents' states."""

from django import template
from django.utils.safestring import SafeString

from apps.agents.stylesheet import link_to_colours

register = template.Library()


@register.simple_tag
def state_colours() -> SafeString:
    return link_to_colours()
