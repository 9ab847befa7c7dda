"""The pages say what is true: every example in docs/ and README.md runs, and prints what the page shows.

A page is read from top to bottom as one session, in a folder of its own in which ``docs/`` can be seen:

========================================  ===================================================================
fenced block                              what happens
========================================  ===================================================================
``python`` or ``pycon`` with ``>>>``      runs as a doctest
``python`` without                        runs
``console``                               ``$ python -m slokit …`` runs, and prints what follows (other commands,
                                          such as installing, are shown only)
``{code-block} toml`` with ``:caption:``  is written to the file that the caption names
========================================  ===================================================================

``...`` in expected output stands for anything. Other blocks (``text``, ``bash``, directives) are not run.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)]
FENCE = re.compile(r"^ {0,3}(`{3,})\s*(.*?)\s*$")


class Block(NamedTuple):
    """A fenced block: its language, the name in its caption, its text, and its first line counted from 1."""

    kind: str
    caption: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page; directives written with four backticks or more are looked into."""
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        at += 1
        if opening is None or not opening[2] or (opening[2].startswith("{") and len(opening[1]) > 3):
            continue
        first = at
        while at < len(lines) and not re.fullmatch(rf" {{0,3}}{opening[1]}`*\s*", lines[at]):
            at += 1
        body = lines[first:at]
        at += 1
        options = (
            [line for line in body if re.match(r":[\w-]+:", line)] if opening[2].startswith("{code-block}") else []
        )
        caption = "".join(line.removeprefix(":caption:").strip() for line in options if line.startswith(":caption:"))
        text = "\n".join(body[len(options) :]).strip("\n") + "\n"
        yield Block(opening[2].removeprefix("{code-block}").strip(), caption, text, first + 1)


class Session:
    """One page being worked through: names carry over from block to block, and so does the exit status."""

    def __init__(self, page: str, folder: Path) -> None:
        self.page, self.folder, self.names, self.status = page, folder, dict[str, Any](), 0
        self.names["__name__"] = "__main__"
        (folder / "docs").symlink_to(ROOT / "docs")

    def run(self, block: Block) -> str:
        """Run one block and return what went wrong, empty if nothing did."""
        if block.caption:
            (self.folder / block.caption).write_text(block.text, encoding="utf-8")
            return ""
        if block.kind in {"python", "pycon"} and ">>>" in block.text:
            return self._doctest(block)
        if block.kind == "python":
            try:
                exec(compile("\n" * (block.line - 1) + block.text, self.page, "exec"), self.names)
            except Exception as error:  # noqa: BLE001 - whatever an example raises is its failure
                return f"line {block.line}: {error!r}"
        if block.kind == "console":
            return self._console(block)
        return ""

    def _doctest(self, block: Block) -> str:
        example = doctest.DocTestParser().get_doctest(block.text, self.names, self.page, self.page, block.line - 1)
        example.globs = self.names  # get_doctest copies; what a block binds is there for the next
        said: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append, clear_globs=False)
        return "".join(said)

    def _console(self, block: Block) -> str:
        checker = doctest.OutputChecker()
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            # A command goes on over lines that end in a backslash; what follows it is what it prints.
            command, want = re.fullmatch(r"((?:.*\\\n)*.*\n)((?:.*\n)*)", part).groups()  # type: ignore[union-attr]
            if "python -m slokit" not in command and command.strip() != "echo $?":
                continue
            runs = command.replace("python -m slokit", f"{shlex.quote(sys.executable)} -m slokit")
            done = subprocess.run(
                ["bash", "-c", f"(exit {self.status}); {runs}"],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            self.status = done.returncode
            if not checker.check_output(want.rstrip() + "\n", done.stdout.rstrip() + "\n", doctest.ELLIPSIS):
                printed = f"printed (exit status {done.returncode}):\n{done.stdout}"
                return f"line {block.line}: $ {command}{printed}\nnot:\n{want}"
        return ""


def failures(page: str, name: str, folder: Path) -> list[str]:
    """Run a page and return what is not as it says."""
    session = Session(name, folder)
    with contextlib.chdir(folder):
        return [wrong for wrong in map(session.run, blocks(page)) if wrong]


GOOD_PAGE = """
```python
def double(x):
    return 2 * x
```

```pycon
>>> double(4)
8
>>> three = 3
```

````{note}
```python
>>> double(three)
6
```
````

```{code-block} toml
:caption: a.toml

x = 1
```

```python
>>> from pathlib import Path
>>> Path("a.toml").read_text()
'x = 1\\n'
```

```text
>>> nothing(of the kind)
```
"""


def test_a_page_is_one_session(tmp_path: Path) -> None:
    """Names and files of one block are there for the next; blocks of text are left alone."""
    assert failures(GOOD_PAGE, "good.md", tmp_path) == []


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", "Got:\n    2"),
        ("```pycon\n>>> 1 / 0\n0\n```\n", "ZeroDivisionError"),
        ("\n\n```python\nx = y\n```\n", "line 4: NameError"),
        ("```console\n$ python -m slokit no-such-command\nall is well\n```\n", "exit status"),
        ("```console\n$ true || python -m slokit\n$ echo $?\n1\n```\n", "exit status 0"),
    ],
)
def test_a_page_that_is_wrong_fails(page: str, complaint: str, tmp_path: Path) -> None:
    """What a page shows and what its examples do cannot drift apart unseen."""
    (found,) = failures(page, "bad.md", tmp_path)
    assert complaint in found


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Every example works as written, from the top of its page to the end."""
    assert failures(page.read_text(encoding="utf-8"), page.name, tmp_path) == []


def test_every_public_module_has_a_reference_page() -> None:
    """A module that people may import can be looked up, and no page is about a module that is gone.

    Modules inside a package that offers their names itself (``slokit.counts``) are documented there.
    """
    files = [path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / "slokit").rglob("*.py")]
    modules = {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in files}
    public = {name for name in modules if not any(part.startswith("_") for part in name.split("."))}
    packages = {name.rpartition(".")[0] for name in public} - {"", "slokit"}
    faces = {name for name in packages if hasattr(importlib.import_module(name), "__all__")}
    rooms = {name for name in public if name.rpartition(".")[0] not in faces} - (packages - faces)
    pages = (ROOT / "docs" / "reference").glob("*.md")
    shown = [re.findall(r"^\.\. automodule:: (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE) for page in pages]
    assert {name for names in shown for name in names} == rooms


def test_the_contributors_page_lists_the_layers_in_order() -> None:
    """The table that people read is the contract that CI enforces."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (c["layers"] for c in config["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    enforced = [set(re.findall(r"\w+", layer)) for layer in layers]
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    table = page.partition("| room |")[2].partition("\n\n")[0]
    listed = [set(re.findall(r"`(\w+)`", row)) for row in re.findall(r"^\| (`[^|]+?) \|", table, re.MULTILINE)]
    assert listed == enforced[::-1]
