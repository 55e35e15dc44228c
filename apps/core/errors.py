"""The errors that people and programs get to see: a code, one sentence, and an HTTP meaning."""


class Problem(Exception):
    """Base: `code` is for programs, `sentence` for people."""

    status = 400

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Invalid(Problem):
    """The input is wrong; the sentence names the field and the cure."""

    status = 400


class Missing(Problem):
    """What the input names is not there, or not for this caller."""

    status = 404


class Gone(Problem):
    """It was there, and will not come back at this address."""

    status = 410


class Conflict(Problem):
    """Too late, already taken, changed meanwhile: the other one won."""

    status = 409


class Guarded(Problem):
    """A condition of the product is not met."""

    status = 422


class Forbidden(Problem):
    status = 403


class Unavailable(Problem):
    """Not now; trying again later helps."""

    status = 503


class TooLarge(Problem):
    status = 413


class LengthRequired(Problem):
    status = 411
