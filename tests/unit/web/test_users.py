import asyncio
import base64
import threading
from types import SimpleNamespace

import bcrypt
import pytest

from exporter.web import users as users_module
from exporter.web.answer import Refusal
from exporter.web.users import LONGEST, MOST_OF_ONE, MOST_REMEMBERED, MOST_WAITING, Users
from tests.unit.web.test_doors import HASH, HASHES, basic


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that bcrypt was asked about."""
    asked: list[bytes] = []

    def count(password: bytes, hashed: bytes) -> bool:
        asked.append(hashed)
        return bcrypt.checkpw(password, hashed)

    monkeypatch.setattr(users_module, "bcrypt", SimpleNamespace(checkpw=count))
    return asked


@pytest.mark.parametrize(
    ("authorization", "user"),
    [
        (basic("prometheus", "secret"), "prometheus"),
        (basic("prometheus", "secret").replace("Basic", "basic"), "prometheus"),
        (basic("prometheus", "wrong"), None),
        (basic("somebody", "secret"), None),
        (basic("prometheus", "secret\0"), None),
        (basic("prometheus", "s" * 80), None),
        (None, None),
        ("", None),
        ("Bearer abc", None),
        ("Basic ***", None),
        ("Basic " + base64.b64encode(b"no colon").decode(), None),
        ("Basic " + base64.b64encode(b"\xff:x").decode(), None),
    ],
)
async def test_only_the_right_password_opens(authorization: str | None, user: str | None) -> None:
    assert await Users().authenticated(authorization, HASHES) == user


async def test_an_unknown_user_costs_as_much_as_a_known_one(compared: list[bytes]) -> None:
    users = Users()
    await users.authenticated(basic("prometheus", "wrong"), HASHES)
    await users.authenticated(basic("somebody", "wrong"), HASHES)
    known, unknown = compared
    assert known.split(b"$")[2] == unknown.split(b"$")[2] == b"04"
    assert unknown != HASH.encode()


async def test_where_users_have_hashes_of_different_cost_an_unknown_one_costs_as_the_dearest(
    compared: list[bytes],
) -> None:
    dear = HASH.replace("$04$", "$06$")
    await Users().authenticated(basic("somebody", "wrong"), {"a": HASH, "b": dear, "c": HASH})
    assert costs(compared) == [6]


def costs(compared: list[bytes]) -> list[int]:
    return [int(hashed.split(b"$")[2]) for hashed in compared]


@pytest.mark.parametrize("user", ["cheap", "middle", "dear", "nobody"])
async def test_whoever_is_named_the_work_is_that_of_the_dearest_hash(compared: list[bytes], user: str) -> None:
    hashes = {name: HASH.replace("$04$", f"$0{cost}$") for name, cost in (("cheap", 4), ("middle", 5), ("dear", 7))}
    await Users().authenticated(basic(user, "wrong"), hashes)
    assert sum(2**cost for cost in costs(compared)) == 2**7


async def test_a_password_that_was_wrong_for_nobody_is_not_known_sooner_for_somebody_else(
    compared: list[bytes],
) -> None:
    users = Users()
    for user in ("nobody", "no one", "prometheus"):
        await users.authenticated(basic(user, "guess"), HASHES)
    assert len(compared) == 3


async def test_a_password_is_as_long_as_bcrypt_reads_and_no_longer() -> None:
    longest = "s" * LONGEST
    hashes = {"prometheus": bcrypt.hashpw(longest.encode(), bcrypt.gensalt(4)).decode()}
    users = Users()
    assert await users.authenticated(basic("prometheus", longest), hashes) == "prometheus"
    assert await users.authenticated(basic("prometheus", f"{longest}s"), hashes) is None


async def test_a_result_is_remembered_right_or_wrong(compared: list[bytes]) -> None:
    users = Users()
    for _ in range(3):
        assert await users.authenticated(basic("prometheus", "secret"), HASHES)
        assert not await users.authenticated(basic("prometheus", "wrong"), HASHES)
    assert len(compared) == 2


async def test_so_many_results_are_remembered_and_one_more_pushes_out_the_longest_unused(compared: list[bytes]) -> None:
    users = Users()
    for number in range(MOST_REMEMBERED):
        await users.authenticated(basic("prometheus", f"guess {number}"), HASHES)
    await users.authenticated(basic("prometheus", "guess 0"), HASHES)
    assert len(compared) == MOST_REMEMBERED
    await users.authenticated(basic("prometheus", "one more"), HASHES)
    await users.authenticated(basic("prometheus", "guess 0"), HASHES)
    assert len(compared) == MOST_REMEMBERED + 1
    await users.authenticated(basic("prometheus", "guess 1"), HASHES)
    assert len(compared) == MOST_REMEMBERED + 2


async def test_memory_holds_no_password() -> None:
    users = Users()
    await users.authenticated(basic("prometheus", "secret"), HASHES)
    await users.authenticated(basic("prometheus", "sesame"), HASHES)
    held = repr([list(memory.items()) for memory in users._known.values()])  # noqa: SLF001 - what a dump would show
    assert "True" in held
    assert not any(word in held for word in ("secret", "sesame", "prometheus"))


async def test_guessing_does_not_push_out_those_who_know(compared: list[bytes]) -> None:
    users = Users()
    await users.authenticated(basic("prometheus", "secret"), HASHES)
    for number in range(150):
        await users.authenticated(basic("prometheus", f"guess {number}"), HASHES)
    before = len(compared)
    assert await users.authenticated(basic("prometheus", "secret"), HASHES)
    assert len(compared) == before


async def test_requests_that_wait_for_the_same_password_share_one_comparison(compared: list[bytes]) -> None:
    users = Users()
    found = await asyncio.gather(*(users.authenticated(basic("prometheus", "secret"), HASHES) for _ in range(5)))
    assert found == ["prometheus"] * 5
    assert len(compared) == 1


async def test_a_crowd_of_guessers_is_turned_away_but_not_who_is_known() -> None:
    users = Users()
    assert await users.authenticated(basic("prometheus", "secret"), HASHES) == "prometheus"
    guesses = [
        asyncio.create_task(users.authenticated(basic("prometheus", f"guess {number}"), HASHES, f"client {number}"))
        for number in range(MOST_WAITING + 1)
    ]
    known = await users.authenticated(basic("prometheus", "secret"), HASHES)
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert known == "prometheus"
    assert found[:MOST_WAITING] == [None] * MOST_WAITING
    refused = found[MOST_WAITING]
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.headers) == (503, {"Retry-After": "1"})
    assert await users.authenticated(basic("prometheus", "another guess"), HASHES) is None


async def test_one_guesser_leaves_room_in_line_for_others() -> None:
    users = Users()
    guesses = [
        asyncio.create_task(users.authenticated(basic("prometheus", f"guess {number}"), HASHES, "192.0.2.1"))
        for number in range(MOST_OF_ONE + 1)
    ]
    same = [
        asyncio.create_task(users.authenticated(basic("prometheus", "secret"), HASHES, "192.0.2.2"))
        for _ in range(MOST_OF_ONE + 1)
    ]
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert found[:MOST_OF_ONE] == [None] * MOST_OF_ONE
    assert isinstance(found[MOST_OF_ONE], Refusal)
    assert await asyncio.gather(*same) == ["prometheus"] * len(same)


async def test_comparison_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def compare(*_: object) -> bool:
        threads.append(threading.get_ident())
        return True

    monkeypatch.setattr(users_module, "_compare", compare)
    await Users().authenticated(basic("prometheus", "x"), HASHES)
    assert threads != [threading.get_ident()]
