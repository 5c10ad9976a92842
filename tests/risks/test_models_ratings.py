import pytest

from risks.models import BandColour, Escalation, Frequency, Level, MitigationKind, Movement, Treatment


def test_a_level_knows_its_board_and_the_other_level() -> None:
    assert {level: (level.board, level.other) for level in Level} == {
        Level.OPERATIONAL: ("Operations Board", Level.SYSTEMIC),
        Level.SYSTEMIC: ("Improvement Board", Level.OPERATIONAL),
    }


@pytest.mark.parametrize("to_level", Level)
def test_a_move_is_told_in_words(to_level: Level) -> None:
    move = Escalation(from_level=to_level.other, to_level=to_level)

    assert (
        move.words
        == {
            Level.SYSTEMIC: "Escalated from the Operations Board to the Improvement Board",
            Level.OPERATIONAL: "De-escalated from the Improvement Board to the Operations Board",
        }[to_level]
    )
    assert move.goes_up == (to_level == Level.SYSTEMIC)


def test_frequencies_in_months() -> None:
    assert [frequency.months for frequency in Frequency] == [1, 2, 3, 6]


@pytest.mark.parametrize("choices", [Treatment, Movement, MitigationKind])
def test_each_choice_says_what_it_means(choices: type[Treatment | Movement | MitigationKind]) -> None:
    meanings = [choice.meaning for choice in choices]

    assert all(meaning.endswith(".") for meaning in meanings)
    assert len(set(meanings)) == len(meanings)


@pytest.mark.parametrize("colour", BandColour)
def test_a_bands_mark_can_be_told_from_white(colour: BandColour) -> None:
    # WCAG 2.2, relative luminance and contrast ratio.
    channels = [int(colour.fill[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]

    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 3
