"""The Spanish catalogue: nothing missing, nothing stale, every placeholder kept."""

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "es" / "LC_MESSAGES"
CURE = (
    "run `django-admin makemessages -l es -i .venv -i var -i tests --no-wrap`, for scripts with"
    " `-d djangojs -i vendor -i .javascript`, too, fill in what is empty, then"
    " `django-admin compilemessages -l es -i .venv`"
)
MARKS = {"_", "_t", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
TEMPLATE_TEXT = re.compile(r"{%-?\s*translate\s+(?:\"([^\"]+)\"|'([^']+)')\s+%}|_\(\"([^\"]+)\"\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|{\w+}")
PLURAL = re.compile(
    r'^msgid "(.+)"\nmsgid_plural "(.+)"\nmsgstr\[0\] "(.+)"\nmsgstr\[1\] "(.+)"$', re.MULTILINE
)


SCRIPT_TEXT = re.compile(r'\b(?:_|ngettext)\(\s*"((?:[^"\\]|\\.)+)"')


@pytest.fixture(scope="module")
def spanish() -> dict[str, str]:
    return compiled("django")


@pytest.fixture(scope="module")
def of_scripts() -> dict[str, str]:
    return compiled("djangojs")


def compiled(domain: str) -> dict[str, str]:
    """As the server reads it: from the compiled file."""
    with (CATALOGUE / f"{domain}.mo").open("rb") as file:
        known = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key if isinstance(key, str) else key[0]: text for key, text in known.items()}


def texts_of_code() -> Iterator[str]:
    for folder in ("apps", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                    first = node.args[0] if node.args else None
                    if name in MARKS and isinstance(first, ast.Constant) and first.value:
                        yield str(first.value)


def texts_of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        for found in TEMPLATE_TEXT.finditer(path.read_text()):
            yield next(text for text in found.groups() if text)


def test_every_text_has_its_spanish(spanish: dict[str, str]) -> None:
    wanted = {*texts_of_code(), *texts_of_templates()}

    missing = sorted(text for text in wanted if not spanish.get(text))

    assert len(wanted) > 300
    assert not missing, f"{len(missing)} texts: {CURE}: {missing[:10]}"


def test_every_text_of_the_scripts_has_its_spanish(of_scripts: dict[str, str]) -> None:
    scripts = [path.read_text() for path in (ROOT / "static" / "console").rglob("*.js")]
    wanted = {text for script in scripts for text in SCRIPT_TEXT.findall(script)}

    assert len(wanted) > 200
    assert not sorted(text for text in wanted if not of_scripts.get(text)), CURE


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_placeholders_are_kept(domain: str) -> None:
    plural = {found[1]: found.groups() for found in PLURAL.finditer(source_of(domain))}
    lost = {
        english
        for english, text in compiled(domain).items()
        if english and english not in plural and placeholders(english) != placeholders(text)
    }
    for one, many, uno, muchos in plural.values():  # one of something may go without its number
        few = placeholders(one) <= placeholders(uno) <= placeholders(many)
        lost |= set() if few and placeholders(many) == placeholders(muchos) else {one}
    assert not lost


def source_of(domain: str) -> str:
    return (CATALOGUE / f"{domain}.po").read_text()


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_compiled_file_is_of_today(domain: str) -> None:
    source = source_of(domain)
    known = set(compiled(domain).values())

    assert "fuzzy" not in source
    assert not re.findall(r'^msgid "(?=.*\S).*\nmsgstr ""\n\n', source, re.MULTILINE), CURE
    for line in re.findall(r'^msgstr "(.+)"$', source, re.MULTILINE):
        assert ast.literal_eval(f'"{line}"') in known, CURE
