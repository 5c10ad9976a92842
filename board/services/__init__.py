"""Every write of the board's: the life of a reporting month, and the figures stored for it."""

from board.services.figures import (
    digest_of,
    finish_month,
    refuse_signed_off,
    run_section,
    sealed_text,
    store_section,
)
from board.services.months import (
    close_month,
    ensure_months,
    move_cut_off,
    open_month,
    open_months_so_far,
    reopen_month,
    sign_off_month,
)

__all__ = [
    "close_month",
    "digest_of",
    "ensure_months",
    "finish_month",
    "move_cut_off",
    "open_month",
    "open_months_so_far",
    "refuse_signed_off",
    "reopen_month",
    "run_section",
    "sealed_text",
    "sign_off_month",
    "store_section",
]
