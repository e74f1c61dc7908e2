from belvo_async import testing


def test_the_public_names_are_sorted_and_exist() -> None:
    assert list(testing.__all__) == sorted(testing.__all__)
    assert all(hasattr(testing, name) for name in testing.__all__)
