"""What is left of a subject without the marks of answering and passing on, in many languages."""

import pytest

from apps.tickets.subjects import base_subject, is_new_topic

# As mail programs of each country write them: answered, passed on.
PREFIXES = """
    Re RE re Fw FW Fwd FWD fwd AW Aw WG Antw Doorst SV Sv VB VS Vs VL Svar Fs RE2
    Réf TR Rif R I RV Res RES ENC Enc Odp PD Pd Vá Továbbítás Răsp Odg Ats Atb Ynt YNT ILT
    Bls TRS TS ΑΠ Απ ΣΧΕΤ ΠΡΘ Отв НА Пересл Відп Отг Vidarebefordrat Videresendt Weitergeleitet
    השב הועבר رد ตอบ ส่งต่อ 답장 회신 전달 回复 回覆 答复 答覆 转发 轉寄 轉發 返信 転送
"""
OF_TWO_WORDS = ["Trả lời", "Chuyển tiếp", "إعادة توجيه"]
SPELLINGS = ("{}: {}", "{}:{}", "{} : {}", "{}：{}", "{}[2]: {}", "{} (3): {}", "\u200f{}: {}")


@pytest.mark.parametrize("prefix", [*PREFIXES.split(), *OF_TWO_WORDS])
def test_each_prefix_is_taken_off_however_it_is_spelled(prefix: str) -> None:
    bases = {base_subject(spelling.format(prefix, "Parcel 7")) for spelling in SPELLINGS}
    assert bases == {"Parcel 7"}


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("AW: Re: WG: Parcel", "Parcel"),
        ("re[2]: FWD: Parcel", "Parcel"),
        ("Re^2: Parcel", "Parcel"),
        ("RES: TR: Encomenda", "Encomenda"),
        ("Re: [EXTERNAL] Parcel", "[EXTERNAL] Parcel"),
        ("[EXTERNAL] Re: Parcel", "[EXTERNAL] Re: Parcel"),
        ("Report: all well", "Report: all well"),
        ("Invoice: 7", "Invoice: 7"),
        ("Rechnung: 7", "Rechnung: 7"),
        ("R2D2: hello", "R2D2: hello"),
        ("Note: Re: x", "Note: Re: x"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_words_stay(subject: str, base: str) -> None:
    assert base_subject(subject) == base


@pytest.mark.parametrize(
    ("subject", "before", "is_new"),
    [
        ("Re: Parcel", "Parcel", False),
        ("AW: [EXTERNAL] parcel", "Re:  Parcel", False),
        ("Re: Parcel [E0123456789AB]", "Parcel", False),
        ("Invoice", "Parcel", True),
        ("Re:", "Parcel", False),
        ("Parcel", "", False),
        ("Re: A very long subject that some old programs cut off after a", "A very long subject "
         "that some old programs cut off after a while", False),
    ],
)  # fmt: skip
def test_a_new_topic_is_told_from_the_same_one(subject: str, before: str, is_new: bool) -> None:
    assert is_new_topic(subject, before) is is_new


@pytest.mark.parametrize("unit", ["re:", " ", "re ", "[", "re[", "\u200f", "Fwd: ["])
def test_a_hostile_subject_takes_no_time_to_speak_of(unit: str) -> None:
    subject = unit * 200_000
    assert len(base_subject(subject)) <= len(subject)
    is_new_topic(subject, subject + "x")
