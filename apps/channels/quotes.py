"""What a reply says of its own: the text without the quoted tail that mail programs hang below.

Only a tail is left out. Where somebody wrote between or below quoted lines, all of it stays.
"""

import re

MOST_LINES = 5000
LONGEST_LINE = 500

_SEPARATOR = re.compile(
    r"(?i)^[-_*\s]{2,}+(?:original message|original appointment|forwarded message|mensaje original|"
    r"mensaje reenviado|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|"
    r"messaggio originale|mensagem original|oorspronkelijk bericht)[-_*\s]{2,}$"
)
_FROM = re.compile(r"(?i)^\*?(?:from|de|von|da|van|fra|från|od|от|发件人|差出人)\s?[:：]\*?\s*\S")
_OTHER_FIELD = re.compile(
    r"(?i)^\*?(?:sent|date|to|cc|subject|enviado(?: el)?|fecha|para|asunto|gesendet|datum|an|"
    r"betreff|envoyé|à|objet|inviato|data|a|oggetto|assunto|verzonden|aan|onderwerp|отправлено|кому|тема|"
    r"发送时间|收件人|主题|送信日時|宛先|件名)\s?[:：]"
)
_WROTE = re.compile(
    r"(?i)(?:wrote|writes|escribió|schrieb|schreef|a écrit|ha scritto|escreveu|skrev|napisał|"
    r"написал)\b.{0,120}[:：]\s*$|写道\s?[:：]\s*$"
)


def visible_reply(text: str) -> str:
    """TEXT up to its quoted tail; all of it when nothing else is there."""
    lines = text.split("\n")
    shown = lines[: _tail(lines)]
    while shown and not shown[-1].strip(" _-"):
        shown.pop()
    return "\n".join(shown).strip("\n") if any(map(str.strip, shown)) else text.strip("\n")


def _tail(lines: list[str]) -> int:
    """The number of the line where the tail begins; of all lines, if there is none."""
    last = _Last(lines)
    for number, line in enumerate(lines[:MOST_LINES]):
        if len(line) <= LONGEST_LINE and _begins_tail(lines, number, last):
            return number
    return last.plain + 1


class _Last:
    """Where the last line stands that is quoted, and the last that is not; -1: nowhere."""

    def __init__(self, lines: list[str]) -> None:
        self.quoted = self.plain = -1
        for number, line in enumerate(lines):
            if line.lstrip().startswith(">"):
                self.quoted = number
            elif line.strip():
                self.plain = number

    def are_alike_after(self, number: int) -> bool:
        """Only quoted lines follow; or not one, as of programs that hang the old mail below."""
        return (self.quoted > number) != (self.plain > number)


def _begins_tail(lines: list[str], number: int, last: _Last) -> bool:
    line = lines[number].strip()
    if _SEPARATOR.match(line):
        return True
    if _FROM.match(line):
        following = [one.strip() for one in lines[number + 1 : number + 6]]
        return sum(bool(_OTHER_FIELD.match(one[:LONGEST_LINE])) for one in following) >= 2
    return bool(line) and _is_attribution(lines, number, last)


def _is_attribution(lines: list[str], number: int, last: _Last) -> bool:
    """`On 4 March 2025 Ann wrote:`, in up to three lines, before nothing but a quote."""
    for end in range(number, min(number + 3, len(lines))):
        if lines[end].startswith(">") or not lines[end].strip():
            return False
        said = " ".join(line.strip()[-LONGEST_LINE:] for line in lines[number : end + 1])
        if _WROTE.search(said) and re.search(r"[\d@]", said):
            return last.are_alike_after(end)
    return False
