import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import in_chunks


def doubled(part):
    tf.debugging.assert_less_equal(tf.shape(part["x"])[0], 4)
    return {
        "sum": tf.reduce_sum(part["x"], axis=1),
        "name": tf.strings.as_string(part["y"]),
    }


TYPES = {"sum": "float32", "name": tf.string}


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 8, 11])
@pytest.mark.parametrize("is_graph", [True, False])
def test_chunks_give_what_all_rows_give_at_once(rows, is_graph):
    x = np.arange(3 * rows, dtype="float32").reshape(rows, 3)
    y = np.arange(rows)

    def run(x, y):
        return in_chunks(doubled, {"x": x, "y": y}, 4, TYPES)

    if is_graph:
        specs = tf.TensorSpec([None, 3]), tf.TensorSpec([None], tf.int64)
        run = tf.function(run, input_signature=specs)
    found = run(tf.constant(x), tf.constant(y))
    np.testing.assert_array_equal(found["sum"], x.sum(1))
    assert found["name"].numpy().tolist() == [b"%d" % i for i in y]
