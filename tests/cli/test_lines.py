import asyncio
import os
import threading

from belvo_async.cli._lines import LineSource


def source_of(*chunks: bytes) -> LineSource:
    left = list(chunks)
    return LineSource(lambda: left.pop(0) if left else b"")


def test_lines_do_not_depend_on_how_they_arrive() -> None:
    source = source_of(b"one\ntw", b"o\r\n\nlast")
    assert [source.read() for _ in range(5)] == ["one", "two", "", "last", None]


async def test_a_line_is_read_while_the_loop_goes_on() -> None:
    reader, writer = os.pipe()
    source = LineSource(lambda: os.read(reader, 100))
    waiting = asyncio.ensure_future(source.read_aside())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    os.write(writer, b"123\n")
    assert await waiting == "123"
    os.close(writer)
    assert await source.read_aside() is None
    os.close(reader)


async def test_an_unreadable_input_has_ended() -> None:
    def fail() -> bytes:
        raise OSError

    assert await LineSource(fail).read_aside() is None


async def test_a_cancelled_wait_does_not_hold_up_anything() -> None:
    released = threading.Event()

    def wait() -> bytes:
        released.wait(10)
        return b"late\n"

    waiting = asyncio.ensure_future(LineSource(wait).read_aside())
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    released.set()
    await asyncio.sleep(0.01)
    assert waiting.cancelled()
