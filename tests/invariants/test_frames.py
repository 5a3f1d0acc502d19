"""Invariant 9: no plain text gets into a hole of a statement."""

from __future__ import annotations

import pytest

from dpone_compiler.sql.render import FrameError, Sql, frame, join


def test_a_plain_text_in_a_hole_raises() -> None:
    with pytest.raises(FrameError):
        frame("SELECT <<what>>", what="1; DROP TABLE orders")  # type: ignore[arg-type]
    with pytest.raises(FrameError):
        join(", ", ["1"])  # type: ignore[list-item]


def test_every_hole_is_filled_and_every_piece_used() -> None:
    with pytest.raises(FrameError):
        frame("SELECT <<what>>")
    with pytest.raises(FrameError):
        frame("SELECT 1", what=Sql("1"))


def test_a_piece_is_not_read_as_a_frame_again() -> None:
    assert frame("SELECT <<a>>, <<b>>", a=Sql("'<<b>>'"), b=Sql("2")).text == "SELECT '<<b>>', 2"
