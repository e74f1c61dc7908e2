from belvo_async.cli._console import make_safe


def test_lines_stay_lines() -> None:
    assert make_safe("a\nb\tc\u200bd") == "a\nb\\tc\\u200bd"
