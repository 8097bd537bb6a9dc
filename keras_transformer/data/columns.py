"""Which column of a file holds what, told by the usual names."""

from collections.abc import Sequence

from keras_transformer.data.errors import DataError

TEXT_COLUMNS = (
    "text",
    "sentence",
    "review",
    "content",
    "document",
    "message",
    "body",
    "question",
    "query",
    "sentence1",
    "premise",
    "question1",
    "text1",
    "text_a",
)
PAIR_COLUMNS = (
    ("text", "text_pair"),
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("sentence_a", "sentence_b"),
    ("question", "sentence"),
    ("query", "passage"),
)
LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target")
SCORE_COLUMNS = ("score", "similarity", "similarity_score", "label")
SOURCE_COLUMNS = ("source", "src", "input", "document", "article", "text")
TARGET_COLUMNS = ("target", "tgt", "output", "translation", "summary")
SOURCE_LANGUAGE_COLUMNS = (
    "source_language",
    "source_lang",
    "src_lang",
)
TARGET_LANGUAGE_COLUMNS = (
    "target_language",
    "target_lang",
    "tgt_lang",
    "language",
    "lang",
)
QUESTION_COLUMNS = ("question", "query")
CONTEXT_COLUMNS = ("context", "passage", "paragraph")
ANSWER_COLUMNS = ("answers", "answer")


def find_column(
    header: Sequence[str],
    role: str,
    wanted: str | Sequence[str],
    path=None,
    required: bool = True,
) -> str | None:
    """Find the column that plays a role.

    Args:
        header: The columns that there are.
        role: What the column is for, such as `"text"`; named in errors.
        wanted: One name, which must be there, or the usual names, of which the
            first that is there is taken. A name is taken as written, or else
            without regard to case and surrounding white space.
        path: The file, named in errors.
        required: Whether none of the usual names is an error.

    Returns:
        The column's name as the header has it, or `None`.

    Raises:
        DataError: There is no such column, or several differ only in case.
    """
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name in header:
            return name
        alike = [column for column in header if _fold(column) == _fold(name)]
        if len(alike) > 1:
            raise DataError(
                f"Expected one column for the {role}. Received: "
                f"{_listed(alike)}, which differ only in case or white space. "
                f"{_how_to_name(role)}",
                path,
            )
        if alike:
            return alike[0]
    if not required and not isinstance(wanted, str):
        return None
    expected = _listed(names) if len(names) == 1 else f"one of {_listed(names)}"
    raise DataError(
        f"Expected a column for the {role}: {expected}. Received the columns "
        f"{_listed(header)}.{_format_hint(header)} {_how_to_name(role)}",
        path,
    )


def find_pair(header: Sequence[str]) -> tuple[str, str] | None:
    """Find two columns that usually hold the two texts of a pair.

    Args:
        header: The columns that there are.

    Returns:
        Their names as the header has them, or `None`.
    """
    for names in PAIR_COLUMNS:
        found = [find_column(header, "text", (n,), None, False) for n in names]
        if None not in found:
            return tuple(found)
    return None


def _fold(name):
    return name.strip().casefold()


def _listed(names):
    return ", ".join(map(repr, names))


def _how_to_name(role):
    return (
        f"Name it with `{role}_column=`, on the command line `--{role}-column`."
    )


def _format_hint(header):
    """Say what a header of a single column was perhaps meant to be."""
    if len(header) != 1:
        return ""
    if header[0].lstrip().startswith(("{", "[")):
        return " The first line looks like JSON: pass `format='jsonl'`?"
    if "\t" in header[0]:
        return " The first line holds tabs: pass `format='tsv'`?"
    if "," in header[0]:
        return " The first line holds commas: pass `format='csv'`?"
    if ";" in header[0]:
        return " The first line holds semicolons: save it with commas or tabs."
    return " Is the first line a header?"
