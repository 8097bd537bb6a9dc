"""The direction of imports: a room may import only rooms on floors below."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "keras_transformer"

MAY_IMPORT = {
    "kernels": set(),
    "layers": {"kernels"},
    "checkpoints": set(),
    "text": set(),
    "training": set(),
    "generation": {"layers"},
    "models": {"layers", "checkpoints"},
    "data": {"text"},
    "tasks": {
        "models",
        "layers",
        "generation",
        "checkpoints",
        "text",
        "data",
        "training",
    },
}
MAY_IMPORT["serving"] = {"tasks"} | MAY_IMPORT["tasks"]
MAY_IMPORT["visualize"] = {"tasks"} | MAY_IMPORT["tasks"]
MAY_IMPORT["cli"] = {"serving", "visualize"} | MAY_IMPORT["serving"]

TENSORFLOW = {"tensorflow", "tensorflow_text", "keras_nlp", "keras_hub"}
MAY_IMPORT_TENSORFLOW = {"kernels", "text", "data", "serving"}

MODULES = sorted(
    path.relative_to(PACKAGE)
    for path in PACKAGE.rglob("*.py")
    if len(path.relative_to(PACKAGE).parts) > 1
)


def imported_names(path):
    """Dotted names of all that a file imports, inside functions as well."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_from_the_floors_below(module):
    room = module.parts[0]
    for name in imported_names(PACKAGE / module):
        if name.startswith("keras_transformer."):
            other = name.split(".")[1]
            assert other == room or other in MAY_IMPORT[room], name


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_tensorflow_stays_in_the_rooms_that_need_it(module):
    if module.parts[0] in MAY_IMPORT_TENSORFLOW:
        return
    for name in imported_names(PACKAGE / module):
        assert name.split(".")[0] not in TENSORFLOW, name


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_public_keras_is_used(module):
    for name in imported_names(PACKAGE / module):
        assert not name.startswith("keras.src"), name
