"""Names of classes to ids and back, in graph operations."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_transformer.text.strings import to_string_tensor

# Names are found by a 63-bit hash and then compared. A table would be a
# resource that every exported model had to track.
HASH_SIZE = 2**63 - 1


@keras.saving.register_keras_serializable(package="keras_transformer")
class LabelNames:
    """Turn class names into ids, the places they have in a list, and back.

    Args:
        names: The class names, a list of str. The index of a name is its id.

    Example:

    ```python
    labels = LabelNames(["negative", "positive"])
    labels.ids(["positive", "negative"])  # [1, 0]
    labels.names([1, 1])  # [b"positive", b"positive"]
    ```
    """

    def __init__(self, names):
        if isinstance(names, (str, bytes)):
            raise ValueError(
                "`names` must be a list of class names. Received: "
                f"names={names!r}"
            )
        names = list(names)
        if not names:
            raise ValueError(
                "`names` must hold at least one class name. Received: names=[]"
            )
        places = {}
        for index, name in enumerate(names):
            if not isinstance(name, str) or not name:
                raise ValueError(
                    "`names` must hold strings that are not empty. Received: "
                    f"names[{index}]={name!r}"
                )
            if name in places:
                raise ValueError(
                    "`names` must all differ, so that each has one id. "
                    f"Received: {name!r} at {places[name]} and {index}"
                )
            places[name] = index
        self._names = names

    def __len__(self):
        return len(self._names)

    def __iter__(self):
        return iter(self._names)

    def ids(self, names) -> tf.Tensor:
        """Look up the ids of class names.

        Args:
            names: List or array of str or string tensor, `(batch,)`; or one.

        Returns:
            int32 tensor of the shape of `names`.

        Raises:
            ValueError: If a name is unknown (within a graph, an error of
                TensorFlow) or not a string.
        """
        names = to_string_tensor(names, "labels")
        hashes, order, known = self._constants
        with tf.device("CPU:0"):
            wanted = tf.strings.to_hash_bucket_fast(names, HASH_SIZE)
            flat = tf.reshape(wanted, [-1])
            place = tf.minimum(tf.searchsorted(hashes, flat), len(self) - 1)
            ids = tf.reshape(tf.gather(order, place), tf.shape(names))
            ids = tf.ensure_shape(ids, names.shape)
            is_known = tf.gather(known, ids) == names
            self._check_known(names, is_known)
            return ids

    def names(self, ids) -> tf.Tensor:
        """Look up the class names of ids.

        Args:
            ids: Integer tensor, array or list of any shape, or one integer.

        Returns:
            String tensor of that shape.

        Raises:
            ValueError: If an id has no name (within a graph, an error of
                TensorFlow).
        """
        ids = tf.convert_to_tensor(ids)
        if not ids.dtype.is_integer:
            raise ValueError(
                f"`ids` must be integers. Received: dtype={ids.dtype.name}"
            )
        if tf.executing_eagerly() and tf.size(ids):
            low, high = int(tf.reduce_min(ids)), int(tf.reduce_max(ids))
            if low < 0 or high >= len(self):
                raise ValueError(
                    f"`ids` must be from 0 to {len(self) - 1}, for the classes "
                    f"{self._names}. Received ids from {low} to {high}"
                )
        with tf.device("CPU:0"):
            return tf.gather(self._constants[2], ids)

    def get_config(self):
        return {"names": list(self._names)}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    @functools.cached_property
    def _constants(self):
        """Sorted hashes, the id that each belongs to, and the names."""
        with tf.init_scope(), tf.device("CPU:0"):
            known = tf.constant(self._names)
            hashes = tf.strings.to_hash_bucket_fast(known, HASH_SIZE)
            order = np.argsort(hashes.numpy())
            return (
                tf.gather(hashes, order),
                tf.constant(order, tf.int32),
                known,
            )

    def _check_known(self, names, is_known):
        if not tf.executing_eagerly():
            unknown = tf.reshape(names, [-1])[~tf.reshape(is_known, [-1])]
            message = f"Labels must be among {self._names[:20]}. Unknown:"
            tf.debugging.Assert(tf.reduce_all(is_known), [message, unknown])
            return
        rows = np.flatnonzero(~is_known.numpy())
        if not rows.size:
            return
        names = np.atleast_1d(names.numpy())
        listed = ", ".join(
            f"{names[row].decode('utf-8', 'replace')!r} in row {row}"
            for row in rows[:5]
        )
        more = f", and {rows.size - 5} more" if rows.size > 5 else ""
        raise ValueError(
            f"Labels must be among the {len(self)} class names "
            f"{self._names[:20]}. Received: {listed}{more}."
        )
