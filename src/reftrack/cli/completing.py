"""What Tab offers, in bash, zsh and fish: click finds the place on the line, this says what may stand there.

One table for all commands, by what a parameter is called in `--help`: a new command that speaks of PMID|KEY, TAG or
QUERY completes without a word here. Silent whatever happens, because what is printed lands in somebody's prompt.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    _resolve_context,  # the walk over the commands of a line; click has no public name for it
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from ..errors import ReftrackError
from ..library import glancing
from .screen import clean
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..library.opening import Connection

    Item = CompletionItem[str]  # older clicks have no [str]

VARIABLE = "_REFTRACK_COMPLETE"
SCRIPTS = Path(__file__).parent / "shells"
SHELLS = ("bash", "zsh", "fish")
MOST_TOLD = 60
"""Letters of a title beside a key."""
SAFE = re.compile(r"[\w:./+,=@%-]+")
"""What a shell takes for nothing but letters: anything else that data holds is not offered."""

Offered = glancing.Offered


class Word:
    """The word under the cursor: where it stands, what it begins with."""

    def __init__(self, ctx: click.Context, parameter: click.Parameter | None, beginning: str) -> None:
        self.ctx = ctx
        self.parameter = parameter
        self.beginning = beginning

    @property
    def desk(self) -> Desk:
        """Where the library is, by the flags that stand before."""
        given = self.ctx.find_root().params
        db, queries = (
            str(expanded(os.path.expandvars(given[name]))) if given.get(name) else None for name in ("db", "queries")
        )
        return Desk(db=db, queries=queries, quiet=True)

    def ask(self, question: Callable[[Connection], list[Offered]]) -> list[Offered]:
        """What the library says; nothing where there is none that can be read at once."""
        try:
            with glancing.glance(self.desk.db) as connection:
                return [] if connection is None else question(connection)
        except ReftrackError:
            return []


def answer(main: click.Command, instruction: str) -> int:
    """Do what a shell's script asks with its variable; the status of the program."""
    shell, _, what = instruction.partition("_")
    kind = get_completion_class(shell) if shell in SHELLS else None
    if kind is None or what not in ("complete", "source"):
        return 1
    helper = kind(main, {}, "reftrack", VARIABLE)
    if what == "source":
        click.echo(helper.source(), nl=False)
        return 0
    try:
        # A command's own callbacks may print while the line is read.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            told = helper.complete()
        click.echo(told.encode(), nl=False)
    except (Exception, SystemExit):  # noqa: BLE001 - there is nobody to tell: a prompt is no place for it
        return 1
    return 0


def script(shell: str) -> str:
    """What a shell must read to complete reftrack: fixed text, so that its start costs nothing."""
    return (SCRIPTS / f"reftrack.{shell}").read_text(encoding="utf-8")


class _Shell(ShellComplete):
    """The line up to the cursor comes in one variable; a line goes back for each word: kind, word, what it is."""

    def source(self) -> str:
        return script(self.name)

    def get_completion_args(self) -> tuple[list[str], str]:
        # A letter behind the cursor, so that the last word is there even if nothing of it is.
        words = split_arg_string(os.environ.get("_REFTRACK_LINE", "") + "x")
        while len(words) > 1 and re.match(r"\w+=", words[0]):  # variables for this one command
            words.pop(0)
        return words[1:-1], words[-1][:-1]

    def complete(self) -> str:
        args, incomplete = self.get_completion_args()
        lines = [self.format_completion(item) for item in self.get_completions(args, incomplete)]
        return "".join(f"{line}\n" for line in lines)

    def get_completions(self, args: list[str], incomplete: str) -> list[Item]:
        ctx = _resolve_context(self.cli, {}, self.prog_name, args)
        flag, value = "", incomplete
        if incomplete.startswith("--") and "=" in incomplete:
            flag, _, value = incomplete.partition("=")
        parameter = _option(ctx, flag) if flag else _place(ctx, args, incomplete)
        if flag and parameter is None:
            return []
        items = [item for item in _offer(Word(ctx, parameter, value)) if item.type in _FILES or _fits(item, value)]
        if flag:
            for item in items:
                item.value = f"{flag}={item.value}"
        return items

    def format_completion(self, item: Item) -> str:
        kind = "stem" if item.stem else item.type
        told = clean(item.help or "")
        shortened = told if len(told) <= MOST_TOLD else f"{told[: MOST_TOLD - 1]}…"
        return f"{kind}\t{item.value}\t{shortened}"


class Bash(_Shell):
    """Bash has no place for what a word is, and wants to know which word is completed."""

    name: ClassVar[str] = "bash"

    def complete(self) -> str:
        """The word first, then as the others."""
        return f"word\t{self.get_completion_args()[1]}\n{super().complete()}"

    def format_completion(self, item: Item) -> str:
        """Without what it is."""
        return super().format_completion(item).rpartition("\t")[0]


class Zsh(_Shell):
    """Zsh as it is."""

    name: ClassVar[str] = "zsh"


class Fish(_Shell):
    """Fish as it is."""

    name: ClassVar[str] = "fish"


for _kind in (Bash, Zsh, Fish):
    add_completion_class(_kind)

_FILES = ("file", "dir")


def _fits(item: Item, beginning: str) -> bool:
    return item.value.casefold().startswith(beginning.casefold()) and SAFE.fullmatch(item.value) is not None


# where the cursor is


def _option(ctx: click.Context, name: str) -> click.Option | None:
    return next(
        (one for one in ctx.command.get_params(ctx) if isinstance(one, click.Option) and name in one.opts), None
    )


def _place(ctx: click.Context, args: Sequence[str], incomplete: str) -> click.Parameter | None:
    """The parameter whose value is typed; None where a command or the name of an option is."""
    if "--" not in args:
        for back in (1, 2):  # --match takes two values
            option = _option(ctx, args[-back]) if len(args) >= back else None
            if option is not None and not option.is_flag and not option.count and option.nargs >= back:
                return option
        if incomplete.startswith("-"):
            return None
    for parameter in ctx.command.get_params(ctx):
        if isinstance(parameter, click.Argument):
            given = ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
            if parameter.nargs == -1 or not given:
                return parameter
    return None


# what may stand there


def _offer(word: Word) -> list[Item]:
    if word.parameter is None:
        if isinstance(word.ctx.command, click.Group) or word.beginning.startswith("-"):
            return [*word.ctx.command.shell_complete(word.ctx, word.beginning), *_shorthand(word)]
        return []
    for names, source in _SOURCES:
        if names.fullmatch(_called(word)):
            return list(source(word))
    if isinstance(word.parameter, click.Argument) and word.parameter.name == "text":
        return _shorthand(word)
    return word.parameter.shell_complete(word.ctx, word.beginning)


def _called(word: Word) -> str:
    """`fetch QUERY`, `list --tag`: how the table names a parameter."""
    one = word.parameter
    assert one is not None
    if isinstance(one, click.Option):
        name = next((opt for opt in one.opts if opt.startswith("--")), one.opts[0])
    else:
        name = one.make_metavar(word.ctx)
    return f"{' '.join(word.ctx.command_path.split()[1:])} {name}"


def _items(offered: Sequence[Offered], *, stem: bool = False) -> list[Item]:
    return [CompletionItem(value, help=told or None, stem=stem) for value, told in offered]


def _papers(word: Word) -> list[Item]:
    more = [False]

    def ask(connection: Connection) -> list[Offered]:
        found, more[0] = glancing.papers(connection, word.beginning)
        return found

    return _items(word.ask(ask), stem=more[0])


def _tags(word: Word) -> list[Item]:
    return _tags_from(word, word.beginning)


def _tags_from(word: Word, beginning: str, sign: str = "") -> list[Item]:
    """Slugs, behind a facet and its slash those of the facet, and facets of which the name was begun."""
    slugs = word.ask(lambda connection: glancing.tags(connection, beginning))
    begun = word.ask(glancing.facets) if beginning and "/" not in beginning else []
    return [
        *_items([(sign + slug, told) for slug, told in slugs]),
        *_items([(f"{sign}{facet}/", told) for facet, told in begun if facet.startswith(beginning)], stem=True),
    ]


def _studies(word: Word) -> list[Item]:
    """Study types, several parted by commas."""
    before, comma, begun = word.beginning.rpartition(",")
    offered = word.ask(lambda connection: glancing.tags(connection, f"study/{begun}"))
    types = [(slug.removeprefix("study/"), told) for slug, told in offered]
    none = [("none", "no study type")] if "none".startswith(begun) else []
    return _items([(f"{before}{comma}{name}", told) for name, told in [*types, *none]])


def _languages(word: Word) -> list[Item]:
    return _listed(word, [code for code, _ in word.ask(glancing.languages)])


def _papers_then_tag(word: Word) -> list[Item]:
    """`tag add PMID|KEY... TAG`: the last of several is the tag."""
    several = bool(word.parameter and word.ctx.params.get(word.parameter.name or ""))
    return [*_papers(word), *(_tags(word) if several else [])]


def _shorthand(word: Word) -> list[Item]:
    """+tbi and -animal among the words of a search."""
    sign, rest = word.beginning[:1], word.beginning[1:]
    selects = {"text", "tags"} <= {one.name for one in word.ctx.command.params}
    if not selects or sign not in ("+", "-") or not (sign == "+" or rest[:1].isalpha()):
        return []
    return _tags_from(word, rest, sign)


def _saved(word: Word) -> list[Item]:
    names = sorted(entry.stem for entry in word.desk.queries.iterdir() if entry.suffix == ".toml")
    return _items([(name, "saved query") for name in names])


def _ran(word: Word) -> list[Item]:
    return _items(word.ask(glancing.queries))


def _runs(word: Word) -> list[Item]:
    return _items(word.ask(glancing.runs))


def _trials(word: Word) -> list[Item]:
    papers = _papers(word) if _called(word).endswith("KEY") else []
    return [*_items(word.ask(lambda connection: glancing.trials(connection, word.beginning))), *papers]


def _since(word: Word) -> list[Item]:
    times = [("last", "the newest complete run"), ("1w", "a week"), ("2w", "two weeks"), ("1m", "a month")]
    numbers = word.ask(glancing.runs) if word.ctx.info_name == "digest" else []
    return _items([*times, *numbers])


def _imports(word: Word) -> list[Item]:
    return _items([("last", "the newest import"), *word.ask(glancing.imports)])


def _facets(word: Word) -> list[Item]:
    return _items(word.ask(glancing.facets))


def _columns(word: Word) -> list[Item]:
    from .list_ import COLUMNS, HEAVY_COLUMNS

    return _listed(word, (*COLUMNS, *HEAVY_COLUMNS))


def _hidden(word: Word) -> list[Item]:
    from ..workflow.evaluating import HIDDEN

    return _listed(word, tuple(HIDDEN))


def _listed(word: Word, names: Sequence[str]) -> list[Item]:
    """One more of a list parted by commas, and none twice."""
    before, comma, _ = word.beginning.rpartition(",")
    given = before.split(",")
    return _items([(f"{before}{comma}{name}", "") for name in names if name not in given], stem=True)


def _floors(word: Word) -> list[Item]:
    offered = word.ask(lambda connection: glancing.tags(connection, word.beginning))
    return _items([(f"{slug}=", told) for slug, told in offered], stem=True)


def _formats(_: Word) -> list[Item]:
    from ..export import FORMATS

    return _items([(form.name, form.description) for form in FORMATS.values()])


def _import_formats(_: Word) -> list[Item]:
    from .. import imports
    from .import_ import RECORDS

    return _items([(name, "") for name in (RECORDS, *imports.FORMATS)])


def _styles(_: Word) -> list[Item]:
    from ..export.references import list_styles

    return _items([(name, "") for name in list_styles()])


def _sources(_: Word) -> list[Item]:
    return [*_items([("pubmed", "over the network"), ("sample", "what ships")]), CompletionItem("", type="file")]


def _claims(word: Word) -> list[Item]:
    from .. import claims

    if word.beginning.startswith("+"):
        return _shorthand(word)
    return _items([(one.id, one.statement) for one in claims.load(word.desk.own_claims())])


def _file(_: Word) -> list[Item]:
    return [CompletionItem("", type="file")]


def _folder(_: Word) -> list[Item]:
    return [CompletionItem("", type="dir")]


def _commands(word: Word) -> Iterator[Item]:
    """The commands below those that stand before: `help tag a`."""
    root = word.ctx.find_root()
    command: click.Command | None = root.command
    given: Sequence[str] = word.ctx.params.get(word.parameter.name or "", ()) if word.parameter else ()
    for name in given:
        command = command.get_command(root, name) if isinstance(command, click.Group) else None
    if isinstance(command, click.Group):
        yield from command.shell_complete(click.Context(command, parent=root), word.beginning)


_SOURCES: tuple[tuple[re.Pattern[str], Callable[[Word], Sequence[Item] | Iterator[Item]]], ...] = tuple(
    (re.compile(pattern), source)
    for pattern, source in (
        (r"studies \w+ TRIAL(\|PMID\|KEY)?", _trials),
        (r".* PMID\|KEY\.\.\. TAG|.* \[?PMID\|KEY\]?\.\.\. TAG", _papers_then_tag),
        (r".* \[?PMID(\|KEY)?\]?(\.\.\.)?|.* --pmid", _papers),
        (r".* \[?TAG\]?(\.\.\.)?|.* --(any-|not-)?tag", _tags),
        (r".* --study", _studies),
        (r".* --language", _languages),
        (r"runs .*QUERY.*|.* --query", _ran),
        (r".* \[?QUERY\]?(\.\.\.)?|query .* \[?NAMES?\]?(\.\.\.)?", _saved),
        (r"map --(rows|columns)", _facets),
        (r".* --columns", _columns),
        (r".* --hide", _hidden),
        (r".* --facet", _facets),
        (r".* --fail-under", _floors),
        (r".* --style", _styles),
        (r".* --(since-)?run|.* \[?RUN\]?(\.\.\.)?", _runs),
        (r".* --since", _since),
        (r".* --undo", _imports),
        (r"export --format", _formats),
        (r"import --format", _import_formats),
        (r"fetch --from", _sources),
        (r".* \[?COMMAND\]?(\.\.\.)?", _commands),
        (r"claims \[?CLAIM\]?", _claims),
        (r"init \[?DIR\]?| --queries", _folder),
        (r".*( --output| --errors| --db| \[?(FILE|GOLD)S?\]?(\.\.\.)?)", _file),
    )
)
"""What a parameter is called → what may stand there; the first that fits counts."""
