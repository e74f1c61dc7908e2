import time

import pytest

from belvo_async.sandbox import Fault, Sandbox

from .command import Result, run_command
from .processes import PATIENCE, pipe, terminal

SECRET = "correct-horse"
TOKEN_BANK = "heimdall_mx_retail"


def update(link_id: str, *lines: str, options: tuple[str, ...] = ()) -> Result:
    result = run_command("update", link_id, *options, lines="".join(f"{line}\n" for line in lines))
    assert SECRET not in result.output
    assert "Traceback" not in result.output
    return result


def wait_for_login(sandbox: Sandbox, link_id: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not sandbox.logins(link_id):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_link_is_updated(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link()
    result = update(link_id, SECRET)
    assert result.exit_code == 0
    assert f"Link {link_id} at erebor_mx_retail: updated, status valid" in result.stdout
    assert sandbox.links[link_id].password == SECRET


def test_all_options_reach_the_bank(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution="ironbank_br_retail")
    options = ("--password2", "--institution", "ironbank_br_retail", "--username-type", "003")
    assert update(link_id, SECRET, "second", options=options).exit_code == 0
    stored = sandbox.links[link_id].credentials
    assert stored == {"password": SECRET, "password2": "second", "username_type": "003"}
    assert [entry.method for entry in sandbox.log] == ["PUT"]


def test_a_wrong_token_is_asked_for_again(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution=TOKEN_BANK, username="mfa_numeric")
    result = update(link_id, SECRET, "999999", "111111")
    assert result.exit_code == 0
    assert "The bank asks again" in result.stderr
    assert sandbox.tokens(link_id) == ["999999", "111111"]


def test_a_confirmation_is_enough_where_nothing_is_typed(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_mfa_inputless")
    result = update(link_id, SECRET, "")
    assert result.exit_code == 0
    assert "Confirm the login on your other device" in result.stderr


@pytest.mark.parametrize("username", ["x_mfa_numeric", "x_mfa_inputless"])
def test_the_end_of_input_leaves_the_challenge_open(sandbox: Sandbox, username: str) -> None:
    link_id = sandbox.add_link(username=username)
    result = update(link_id, SECRET)
    assert result.exit_code == 4
    assert f"Link {link_id}: challenge open until " in result.stdout
    assert sandbox.tokens(link_id) == []


def test_a_refusal_is_told_once(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link()
    result = update(link_id, "pass_invalid")
    assert result.exit_code == 1
    assert "login_error" in result.stderr
    assert result.stdout == f"Link {link_id}: not updated.\n"


def test_a_lost_reply_is_settled(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_lost_reply")
    assert update(link_id, SECRET).exit_code == 0
    assert sandbox.logins(link_id) == 1


@pytest.mark.parametrize(
    ("lines", "reason"), [((), "nothing was given"), (("",), "nothing was given")], ids=["none", "empty"]
)
def test_a_password_is_needed(sandbox: Sandbox, lines: tuple[str, ...], reason: str) -> None:
    result = update(sandbox.add_link(), *lines)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert not sandbox.log


def test_a_password_that_is_no_text_is_refused(sandbox: Sandbox) -> None:
    result = run_command("update", sandbox.add_link(), lines=b"\xff\xfe\n")
    assert result.exit_code == 2
    assert "no UTF-8 text" in result.stderr
    assert not sandbox.log


def test_an_id_that_is_none_is_wrong_usage(sandbox: Sandbox) -> None:
    assert update("not-an-id", SECRET).exit_code == 2
    assert not sandbox.log


def test_a_remedy_names_commands_and_no_python(sandbox: Sandbox) -> None:
    result = run_command("update", sandbox.add_link(), "--institution", "no name", lines=f"{SECRET}\n")
    assert result.exit_code == 2
    assert "Write it as it stands in: belvo-async links list" in result.stderr
    assert "institutions.list()" not in result.stderr
    assert not sandbox.log


@pytest.mark.usefixtures("no_environment")
def test_keys_in_the_address_are_to_be_passed_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_SECRET_ID", "id")
    monkeypatch.setenv("BELVO_SECRET_PASSWORD", "password")
    monkeypatch.setenv("BELVO_ENVIRONMENT", "https://id:secret-key@belvo.example")
    result = run_command("links", "list")
    assert result.exit_code == 2
    assert "Pass the keys in BELVO_SECRET_ID and BELVO_SECRET_PASSWORD." in result.stderr
    assert "secret-key" not in result.output


def test_an_unknown_link_is_no_login(sandbox: Sandbox) -> None:
    result = update("00000000-0000-4000-8000-000000000000", SECRET)
    assert result.exit_code == 1
    assert "status 404" in result.stderr
    assert sandbox.logins() == 0


@pytest.mark.usefixtures("sandbox")
def test_wrong_keys_are_told_without_showing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_SECRET_PASSWORD", "wrong-key")
    result = update("00000000-0000-4000-8000-000000000000", SECRET)
    assert result.exit_code == 1
    assert "status 401" in result.stderr
    assert "wrong-key" not in result.output


def test_in_a_terminal_the_password_is_not_shown_and_the_code_is_drawn(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution=TOKEN_BANK, username="mfa_qr")
    with terminal("update", link_id) as conversation:
        conversation.expect("New password:")
        conversation.type(SECRET)
        shown = conversation.expect("Token: ")
        assert "█▀▀▀▀▀█" in shown
        conversation.type("111111")
        assert conversation.finish() == 0
    assert "updated, status valid" in conversation.text
    assert SECRET not in conversation.text
    assert sandbox.links[link_id].password == SECRET


def test_ctrl_c_at_the_prompt_leaves_the_challenge_open(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_mfa_text")
    with terminal("update", link_id) as conversation:
        conversation.expect("New password:")
        conversation.type(SECRET)
        conversation.expect("Token: ")
        conversation.press_ctrl_c()
        assert conversation.finish() == 130
    assert f"Link {link_id}: challenge open until " in conversation.text
    assert "Traceback" not in conversation.text


def test_ctrl_d_at_the_password_is_none(sandbox: Sandbox) -> None:
    with terminal("update", sandbox.add_link()) as conversation:
        conversation.expect("New password:")
        conversation.type("\x04")
        assert conversation.finish() == 2
    assert "nothing was given" in conversation.text
    assert not sandbox.log


def test_a_paused_pool_is_told_in_words(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="html", method="PUT"))
    with pipe("update", sandbox.add_link()) as conversation:
        conversation.type(SECRET)
        conversation.expect("Belvo refuses more requests for now: waiting 30 s.")
        conversation.press_ctrl_c()
        assert conversation.finish() == 130


def test_ctrl_c_at_the_password_changes_nothing(sandbox: Sandbox) -> None:
    with terminal("update", sandbox.add_link()) as conversation:
        conversation.expect("New password:")
        conversation.wait_until_it_reads()
        conversation.press_ctrl_c()
        assert conversation.finish() == 130
    assert "nothing was changed" in conversation.text
    assert "Traceback" not in conversation.text
    assert not sandbox.log


def test_an_expired_challenge_ends_the_wait(sandbox: Sandbox) -> None:
    with pipe("update", sandbox.add_link(username="x_mfa_short")) as conversation:
        conversation.type(SECRET)
        assert conversation.finish() == 1
    assert "The challenge expired" in conversation.text


def test_ctrl_c_while_a_repeat_is_waited_for_is_no_update(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_too_many_sessions")
    with pipe("update", link_id) as conversation:
        conversation.type(SECRET)
        conversation.expect("too_many_sessions: trying again in 3 s.")
        conversation.press_ctrl_c()
        assert conversation.finish() == 130
    assert f"Link {link_id}: not updated." in conversation.text
    assert sandbox.logins(link_id) == 1


def test_a_second_ctrl_c_cuts_a_login_off(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_slow")
    with pipe("update", link_id) as conversation:
        conversation.type(SECRET)
        conversation.expect("Logging in")
        wait_for_login(sandbox, link_id)
        conversation.press_ctrl_c()
        conversation.expect("Stopping")
        conversation.press_ctrl_c()
        assert conversation.finish() == 130
    assert f"Link {link_id}: outcome unknown" in conversation.text
    assert "Traceback" not in conversation.text
