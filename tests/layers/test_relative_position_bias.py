import keras
import numpy as np
import pytest
from keras import ops

from keras_transformer.layers import EncoderBlock, RelativePositionBias
from tests.layers.checks import (
    assert_close,
    compiled,
    features,
    randomize,
    to_numpy,
)
from tests.layers.reference import bucket


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("sizes", [(32, 128), (8, 20), (64, 300)], ids=str)
def test_buckets_are_those_of_the_published_algorithm(sizes, bidirectional):
    layer = RelativePositionBias(2, *sizes, bidirectional)
    distances = np.arange(-400, 401, dtype="int32")
    wanted = [bucket(int(d), bidirectional, *sizes) for d in distances]
    found = to_numpy(layer.buckets(ops.convert_to_tensor(distances)))
    assert found.tolist() == wanted
    assert set(wanted) == set(range(sizes[0])) - (
        {sizes[0] // 2} if bidirectional else set()
    )


def test_a_few_buckets_of_t5_are_as_everybody_has_them():
    both, past = (RelativePositionBias(2, bidirectional=b) for b in (1, 0))
    distances = np.array([-200, -128, -16, -8, -7, -1, 0, 1, 7, 8, 16, 200])
    tensor = ops.convert_to_tensor(distances, dtype="int32")
    assert to_numpy(both.buckets(tensor)).tolist() == (
        [15, 15, 10, 8, 7, 1, 0, 17, 23, 24, 26, 31]
    )
    assert to_numpy(past.buckets(tensor)).tolist() == (
        [31, 31, 16, 8, 7, 1, 0, 0, 0, 0, 0, 0]
    )


@pytest.mark.parametrize("start", [0, 6])
def test_the_bias_is_looked_up_by_head_and_distance(start):
    layer = RelativePositionBias(2, 8, 20)
    layer.build()
    randomize(layer)
    table = layer.get_weights()[0]
    bias = to_numpy(layer(query_length=3, key_length=5, start_index=start))
    assert bias.shape == (1, 2, 3, 5)
    for h, i, j in np.ndindex(2, 3, 5):
        row = bucket(j - (start + i), True, 8, 20)
        assert bias[0, h, i, j] == table[row, h]


def test_the_start_may_be_a_tensor():
    layer = RelativePositionBias(2, 8, 20)
    wanted = layer(query_length=3, key_length=5, start_index=2)
    graph = compiled(
        lambda start: layer(query_length=3, key_length=5, start_index=start)
    )
    assert_close(graph(ops.convert_to_tensor(2, dtype="int32")), wanted)


def test_config_and_weights_rebuild_it():
    layer = RelativePositionBias(3, 8, 20, bidirectional=False)
    wanted = layer(query_length=4, key_length=5)
    twin = RelativePositionBias.from_config(layer.get_config())
    twin.build()
    twin.set_weights(layer.get_weights())
    assert twin.get_config() == layer.get_config()
    assert_close(twin(query_length=4, key_length=5), wanted)


def test_blocks_that_share_a_bias_share_it_after_saving(tmp_path):
    bias = RelativePositionBias(2, 8, 20)
    inputs = keras.Input((None, 6))
    x = EncoderBlock(2, 5, position_encoding=bias)(inputs)
    x = EncoderBlock(2, 5, position_encoding=bias)(x)
    model = keras.Model(inputs, x)
    randomize(model)
    path = str(tmp_path / "model.keras")
    model.save(path)
    loaded = keras.saving.load_model(path)
    x = features(3, 4, 6)
    assert_close(loaded(x), model(x))
    assert len(loaded.weights) == len(model.weights)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((2, 6, 20, True), "multiple of 4.*num_buckets=6, bidirectional=True"),
        ((2, 0, 20, False), "multiple of 2.*num_buckets=0"),
        ((2, 5, 20, False), "multiple of 2.*num_buckets=5"),
        ((2, 32, 8, True), "`max_distance` must be above.*max_distance=8"),
        ((2, 32, 16, False), "`max_distance` must be above.*max_distance=16"),
    ],
)
def test_a_wrong_argument_is_an_error_that_names_it(arguments, words):
    with pytest.raises(ValueError, match=words):
        RelativePositionBias(*arguments)
