"""The modules of the browser's program, named at once: else each would be found after the last."""

from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def modules(folder: str) -> SafeString:
    """Preload links for every module under static/FOLDER and for the packages they use."""
    root = Path(settings.STATICFILES_DIRS[0])
    found = sorted(root.glob(f"{folder}/**/*.js")) + sorted((root / "vendor").glob("*.js"))
    names = ((static(path.relative_to(root).as_posix()),) for path in found)
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', names)
