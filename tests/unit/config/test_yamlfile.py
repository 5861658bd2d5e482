from pathlib import Path

import pytest

from exporter.configuration.yamlfile import parse, read


def test_every_key_and_item_knows_its_line() -> None:
    document = parse("c.yml", b"a:\n  b: 1\n  c:\n    - x\n    - y\n")
    assert document.data == {"a": {"b": 1, "c": ["x", "y"]}}
    assert document.where(("a", "b")) == "c.yml:2"
    assert document.where(("a", "c", 1)) == "c.yml:5"
    assert document.where(("a", "c", 9)) == "c.yml:3"
    assert document.where(("z",)) == "c.yml:1"


def test_an_empty_file_says_nothing() -> None:
    document = parse("c.yml", b"# only a comment\n")
    assert (document.data, document.mistakes) == (None, [])
    assert document.where(("a",)) == "c.yml"


def test_an_alias_stands_for_what_its_anchor_holds() -> None:
    assert parse("c.yml", b"a: &one {b: 1}\nc: *one\n").data == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("content", "want"),
    [
        (b"a: 1\na: 2\n", "c.yml:2: a: got the key twice, expected it once (first on line 1)"),
        (b"a: [1\n", "c.yml:2: (file): got expected ',' or ']', but got '<stream end>', expected YAML"),
        (b"a: 1\n---\nb: 2\n", "c.yml:2: (file): got but found another document, expected YAML"),
        (b"a:\n\t- x\n", "c.yml:2: (file): got found character '\\t' that cannot start any token, expected YAML"),
        (b"\xff\xfe\xfa", None),
        (b"1: x\n", "c.yml:1: (file): got the key 1, expected a key that is text"),
        (b"? [a]\n: x\n", "c.yml:1: (file): got the key nothing, expected a key that is text"),
        (b"a: !!python/object:os.system x\n", None),
        (b"a: !!int x\n", None),
        (
            b"a: &x [*x]\n",
            "c.yml:1: a[0]: got a value that contains itself, expected no anchor that refers to a parent",
        ),
    ],
)
def test_what_we_refuse_is_a_mistake_with_its_line(content: bytes, want: str | None) -> None:
    [mistake] = parse("c.yml", content).mistakes
    assert str(mistake).startswith("c.yml")
    assert want is None or str(mistake) == want


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    [mistake] = read(tmp_path / "none.yml").mistakes
    assert str(mistake).endswith("none.yml: (file): got No such file or directory, expected a readable file")
