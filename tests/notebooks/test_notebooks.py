"""The notebooks run, from a fresh kernel, at their smallest setting."""

import ast
import os
import pathlib

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is missing")
nbclient = pytest.importorskip("nbclient", reason="nbclient is missing")
pytest.importorskip("ipykernel", reason="ipykernel is missing")
pytest.importorskip("matplotlib", reason="matplotlib is missing")

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SMALLEST = {"EXAMPLES": 40, "EPOCHS": 1}
# One is run in each test run; the others take some minutes, together.
QUICK = {"4_named_entities"}


def read(path):
    return nbformat.read(path, as_version=4)


def parameter_cell(book):
    """The one cell of what may be set, as Papermill finds it too."""
    (place,) = [
        i
        for i, cell in enumerate(book.cells)
        if "parameters" in cell.metadata.get("tags", ())
    ]
    return place


def execute(path, folder, **parameters):
    """Run a notebook with other parameters; return it with its outputs."""
    book = read(path)
    code = "\n".join(
        f"{name} = {value!r}" for name, value in parameters.items()
    )
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    environment.pop("MPLBACKEND", None)  # a kernel draws into its notebook
    place = parameter_cell(book) + 1
    book.cells.insert(place, nbformat.v4.new_code_cell(code))
    nbclient.NotebookClient(
        book,
        timeout=1200,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute(env=environment)
    return book


def outputs_of(book):
    return [
        output
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def printed(book):
    return "".join(
        output.text
        for output in outputs_of(book)
        if output.output_type == "stream"
    )


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.stem,
            marks=[] if path.stem in QUICK else [pytest.mark.slow],
        )
        for path in NOTEBOOKS
    ],
)
def test_a_notebook_runs_and_exports(path, tmp_path):
    output = tmp_path / "exported"
    book = execute(path, tmp_path, OUTPUT=str(output), **SMALLEST)
    assert (output / "1" / "saved_model.pb").is_file()
    shown = {
        kind
        for found in outputs_of(book)
        for kind in found.get("data", {})
        if found.output_type in ("display_data", "execute_result")
    }
    assert "image/png" in shown
    assert not [o for o in outputs_of(book) if o.output_type == "error"]


@pytest.mark.slow
def test_a_file_of_words_may_be_given(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("stressed \u00e9clair\nlive " * 10, "utf-8")
    book = execute(
        FOLDER / "1_build_a_transformer.ipynb",
        tmp_path,
        DATA=str(words),
        OUTPUT=str(tmp_path / "exported"),
        **SMALLEST,
    )
    assert "stressed" in printed(book)


@pytest.mark.slow
def test_a_file_of_labelled_words_may_be_given(tmp_path):
    rows = "Ada\tB-person\nLovelace\tI-person\nlikes\tO\nRome\tB-place\n\n"
    (tmp_path / "train.conll").write_text(rows * 20, "utf-8")
    book = execute(
        FOLDER / "4_named_entities.ipynb",
        tmp_path,
        DATA=str(tmp_path / "train.conll"),
        OUTPUT=str(tmp_path / "exported"),
        **SMALLEST,
    )
    assert "Lovelace     I-person" in printed(book)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_what_it_gave(path):
    book = read(path)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    numbers = [cell.execution_count for cell in cells]
    assert numbers == list(range(1, len(cells) + 1))  # run from top to bottom
    assert not [o for o in outputs_of(book) if o.output_type == "error"]
    parameters = ast.parse(cells[1].source)
    names = {target.id for s in parameters.body for target in s.targets}
    assert names - {"CHECKPOINT"} == {"DATA", "EXAMPLES", "EPOCHS", "OUTPUT"}
    text = path.read_text("utf-8")
    for place in (str(pathlib.Path.home()), str(FOLDER.parent)):
        assert place == "/" or place not in text
