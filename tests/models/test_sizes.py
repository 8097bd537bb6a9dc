import pytest

from keras_transformer.models import SIZES
from keras_transformer.models.sizes import size_arguments
from tests.models.checks import CLASSES, count


@pytest.mark.parametrize(
    "name, size",
    [
        *(("encoder_decoder", size) for size in SIZES),
        ("encoder", "mini"),
        ("decoder", "small"),
    ],
)
def test_models_are_made_from_every_size(name, size):
    # Of its depth and inner width, which cost the most, little is left.
    little = {"num_layers": 1, "intermediate_dim": 8, "max_sequence_length": 4}
    model = CLASSES[name].from_size(size, 3, **little)
    assert model.vocabulary_size == 3
    wanted = {**SIZES[size], **little}
    assert {n: getattr(model, n) for n in wanted} == wanted
    assert model.count_params() == count(model.arguments, name)


def test_a_size_is_built_as_it_is_named():
    model = CLASSES["encoder"].from_size("tiny", 3)
    assert len(model.blocks) == 2
    assert model.blocks[0].feed_forward.intermediate_dim == 512
    assert model.blocks[0].self_attention.key_dim == 64


@pytest.mark.parametrize(
    "size, millions", [("vaswani_base", 65), ("vaswani_big", 213)]
)
def test_sizes_of_the_paper_have_as_many_weights_as_its_table_3(size, millions):
    arguments = {"vocabulary_size": 37000, "share_embedding": True}
    number = count({**arguments, **SIZES[size]}, "encoder_decoder")
    assert number == pytest.approx(millions * 1e6, rel=0.03)


def test_sizes_are_those_of_the_papers():
    shapes = {
        size: (
            a["num_layers"],
            a["hidden_dim"],
            a["num_heads"],
            a["intermediate_dim"],
        )
        for size, a in SIZES.items()
    }
    assert shapes == {
        "tiny": (2, 128, 2, 512),
        "mini": (4, 256, 4, 1024),
        "small": (4, 512, 8, 2048),
        "base": (12, 768, 12, 3072),
        "vaswani_base": (6, 512, 8, 2048),
        "vaswani_big": (6, 1024, 16, 4096),
    }
    assert SIZES["vaswani_base"]["dropout"] == 0.1
    assert SIZES["vaswani_big"]["dropout"] == 0.3
    assert not SIZES["vaswani_base"]["normalize_first"]


def test_an_argument_overrules_its_size():
    model = CLASSES["decoder"].from_size("tiny", 3, num_layers=1, dropout=0.0)
    assert len(model.blocks) == 1
    assert model.dropout == 0.0


def test_another_size_is_an_error_that_names_all():
    with pytest.raises(ValueError, match=r"'tiny', 'mini'.*size='huge'"):
        CLASSES["encoder"].from_size("huge", 3)


def test_the_table_of_sizes_is_not_handed_out():
    size_arguments("tiny")["num_layers"] = 99
    assert SIZES["tiny"]["num_layers"] == 2
