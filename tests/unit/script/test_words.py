"""Words become exactly themselves in bash; a frame takes nothing else."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpone_compiler.driver.frames import shell_frame
from dpone_compiler.script.words import Comment, Pipe, Secret, When, command, script, word

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=20))
def test_bash_reads_back_every_word(words: list[str]) -> None:
    text = script([command("printf", "%s\\0", *words)]).text
    done = subprocess.run(("bash", "-c", text), capture_output=True, check=True)
    assert done.stdout == b"".join(one.encode() + b"\0" for one in words)


def test_a_comment_stays_one_line_and_a_secret_a_name() -> None:
    lines = [Comment("a\nrm -rf /"), When(command("true"), (Pipe((command("a", Secret("TOKEN")), command("b"))),))]
    assert script(lines).text.splitlines() == [
        "# a\N{REPLACEMENT CHARACTER}rm -rf /",
        "if true; then",
        '  a "${TOKEN}" | b',
        "fi",
    ]
    with pytest.raises(ValueError, match="variable"):
        script([command(Secret("x}; rm"))])


def test_a_frame_refuses_plain_text_and_missing_holes() -> None:
    frame = shell_frame("run.sh.frame")
    with pytest.raises(TypeError, match="without a piece"):
        frame.render(name=word("x"))
    with pytest.raises(TypeError, match="given str"):
        frame.render(name="x")
