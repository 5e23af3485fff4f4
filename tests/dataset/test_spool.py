"""Records come back in order, whatever their order and number, and few of them are held."""

from __future__ import annotations

import tempfile
import tracemalloc
from itertools import count, islice
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.spool import Spool


class Record(msgspec.Struct, frozen=True):
    name: str
    number: int
    text: str = ""


records = st.lists(
    st.builds(Record, name=st.text(max_size=2), number=st.integers(0, 3), text=st.text(max_size=4))
)


def spooled(folder: str, held: int, given_: list[Record]) -> Spool[Record]:
    spool = Spool(Path(folder), Record, lambda one: (one.name, one.number), lambda _: 1, held=held)
    for record in given_:
        spool.add(record)
    return spool


@given(records, st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_order_nor_what_is_held_matters(
    drawn: list[Record],
    random: Random,
    held: int,
) -> None:
    shuffled = random.sample(drawn, len(drawn))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        small, large = spooled(one, held, shuffled), spooled(other, 100, drawn)
        told = list(small)
        assert told == list(large)
        # As often as wanted, also at the same time.
        assert list(zip(small, small, strict=True)) == [(record, record) for record in told]
        assert small.digest() == large.digest()
        assert len(small) == len(drawn)
    assert [(one.name, one.number) for one in told] == sorted(
        (one.name, one.number) for one in drawn
    )
    assert sorted(map(repr, told)) == sorted(map(repr, drawn))


def test_the_digest_tells_every_record(tmp_path: Path) -> None:
    digests = set()
    for number, given_ in enumerate(
        ([], [Record("a", 1)], [Record("a", 2)], [Record("a", 1), Record("a", 1)])
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.add(spooled(str(folder), 9, given_).digest())
    assert len(digests) == 4


def test_memory_does_not_grow_with_what_is_taken_in(tmp_path: Path) -> None:
    spool = Spool(
        tmp_path, Record, lambda one: (one.name, one.number), lambda one: len(one.text), held=10**6
    )
    tracemalloc.start()
    for number in islice(count(), 2_000):
        spool.add(Record(str(number), number, f"{number:010}" * 1_000))
    assert sum(1 for _ in spool) == 2_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Of 20 MB one is held; each of twenty files takes its buffer.
    assert peak < 6_000_000
