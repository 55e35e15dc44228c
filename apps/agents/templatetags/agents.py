"""What the frame of a page needs of the agents' states."""

from django import template
from django.utils.safestring import SafeString

from apps.agents import looks
from apps.agents.stylesheet import link_to_colours

register = template.Library()
register.simple_tag(link_to_colours)


@register.simple_tag
def state_colours() -> SafeString:
    """For pages that show the states of others, too."""
    return link_to_colours(looks.colours().values())
