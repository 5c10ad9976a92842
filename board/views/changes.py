"""How much a figure changed, in words."""

from board.figures import StoredFigure
from core.templatetags.portal import signed


def change_words(figure: StoredFigure | None) -> str:
    """`+2 since December`, or `No change since December`; empty where there is nothing to compare with."""
    if figure is None or figure.previous is None or figure.change is None:
        return ""
    then = figure.previous.month.label.split()[0]
    return f"{signed(figure.change)} since {then}" if figure.change else f"No change since {then}"
