"""What a person types, however it arrives."""

import io
import os

from belvo_async.sandbox import Sandbox

from .command import run_command
from .processes import pipe

SECRET = "correct-horse"


def test_lines_do_not_depend_on_how_they_arrive(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    with pipe("update", link_id) as conversation:
        assert conversation.process.stdin is not None
        typed = conversation.process.stdin.fileno()
        os.write(typed, b"correct-")
        os.write(typed, b"horse\r\n\n111")
        conversation.expect("That is no token")  # the empty line
        os.write(typed, b"111")
        conversation.process.stdin.close()  # the last line has no end
        assert conversation.finish() == 0
    assert sandbox.links[link_id].password == SECRET
    assert sandbox.tokens(link_id) == ["111111"]


def test_an_unreadable_input_has_ended(sandbox: Sandbox) -> None:
    class Failing(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                raise OSError
            return line

    link_id = sandbox.add_link(username="x_mfa_numeric")
    result = run_command("update", link_id, lines=Failing(f"{SECRET}\n".encode()))
    assert (result.exit_code, sandbox.tokens(link_id)) == (4, [])
