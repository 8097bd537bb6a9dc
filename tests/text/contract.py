"""What every tokenizer promises, whichever way it splits texts."""

import copy
import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import tensorflow as tf

LOAD = """
import sys
import numpy as np
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
texts = tf.constant(sys.stdin.buffer.read().split(b"\\n\\n\\n"))
result = model.signatures["serving_default"](text=texts)
np.savez(sys.argv[2], **result)
"""


def check_copies(tokenizer, texts):
    """Config, pickle and copy give the same tokenizer."""
    ids = tokenizer.tokenize(texts).to_list()
    config = json.loads(
        json.dumps(keras.saving.serialize_keras_object(tokenizer))
    )
    for other in (
        keras.saving.deserialize_keras_object(config),
        pickle.loads(pickle.dumps(tokenizer)),
        copy.deepcopy(tokenizer),
    ):
        assert other.tokenize(texts).to_list() == ids
        assert other.get_config() == tokenizer.get_config()
        assert other.vocabulary == tokenizer.vocabulary


def check_functions_and_pipelines(tokenizer, texts):
    """A batch, one text, tf.data and tf.function give the same ids."""
    data = tf.data.Dataset.from_tensor_slices(texts)
    batches = [
        batch.to_list() for batch in data.batch(7).map(tokenizer.tokenize)
    ]
    single = [ids.numpy().tolist() for ids in data.map(tokenizer.tokenize)]
    alone = [tokenizer.tokenize(text).numpy().tolist() for text in texts]
    traced = tf.function(tokenizer.tokenize)(tf.constant(texts))
    expected = tokenizer.tokenize(texts)
    assert expected.dtype == tf.int32
    assert (
        [row for batch in batches for row in batch]
        == single
        == alone
        == traced.to_list()
        == expected.to_list()
    )
    assert tokenizer.tokenize([]).to_list() == []
    for offsets in tokenizer.tokenize_with_offsets(texts):
        assert offsets.dtype == tf.int32
        np.testing.assert_array_equal(offsets.row_splits, expected.row_splits)


def check_seed_and_session(tokenizer, texts):
    """Nothing is lost when TensorFlow forgets its kernels."""
    expected = tokenizer.tokenize(texts).to_list()
    keras.utils.set_random_seed(1)
    assert tokenizer.tokenize(texts).to_list() == expected
    keras.utils.clear_session()
    assert tokenizer.tokenize(texts).to_list() == expected


def check_detokenize_shapes(tokenizer, text):
    """Ids of any rank and kind are joined along the last axis."""
    content = tokenizer.tokenize(text).numpy().tolist()
    end, pad = tokenizer.end_token_id, tokenizer.pad_token_id
    rows = [[tokenizer.start_token_id, *content, end, pad], [pad, pad], content]
    expected = [text.encode(), b"", text.encode()]
    ragged = tf.ragged.constant(rows)
    assert tokenizer.detokenize(rows).numpy().tolist() == expected
    assert tokenizer.detokenize(ragged).numpy().tolist() == expected
    dense = ragged.to_tensor(pad)
    assert tokenizer.detokenize(dense).numpy().tolist() == expected
    cube = tokenizer.detokenize(dense[:, None])
    assert cube.numpy().tolist() == [[text] for text in expected]
    assert tokenizer.detokenize(content).numpy() == text.encode()
    assert tokenizer.detokenize([]).numpy() == b""
    assert tokenizer.detokenize([[], []]).numpy().tolist() == [b"", b""]


def check_saved_model(tokenizer, texts, folder):
    """A SavedModel answers alike in a process without this package."""

    def serve(text):
        ids, starts, ends = tokenizer.tokenize_with_offsets(text)
        return {
            "ids": ids.to_tensor(-1),
            "alone": tokenizer.tokenize(text).to_tensor(-1),
            "starts": starts.to_tensor(-1),
            "ends": ends.to_tensor(-1),
            "text": tokenizer.detokenize(ids),
        }

    archive = keras.export.ExportArchive()
    for resource in tokenizer.resources:
        archive.track(resource)
    archive.add_endpoint(
        "serve", serve, [tf.TensorSpec([None], tf.string, name="text")]
    )
    archive.write_out(str(folder / "model"), verbose=False)
    subprocess.run(
        [sys.executable, "-c", LOAD, folder / "model", folder / "out.npz"],
        input="\n\n\n".join(texts).encode(),
        check=True,
    )
    expected = serve(tf.constant(texts))
    with np.load(folder / "out.npz", allow_pickle=True) as found:
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values.numpy(), name)
