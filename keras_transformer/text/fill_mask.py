"""Texts with a token to fill in, in graph operations."""

import tensorflow as tf

from keras_transformer.text.strings import to_string_tensor
from keras_transformer.text.words import part_of_each

# Of a row: the tokens at its ends.
NUM_ENDS = 2


def with_ends(tokens, tokenizer):
    """Put the start and the end token around rows of one text each.

    Args:
        tokens: int32 RaggedTensor `(rows, tokens)`.
        tokenizer: A tokenizer of `keras_transformer.text`.

    Returns:
        Dict of int32 RaggedTensors `(rows, tokens + 2)`: "token_ids", and
        "segment_ids", which are 0, as `EncoderPreprocessor.encode` gives them.
    """
    with tf.device("CPU:0"):
        start = tf.fill([tokens.nrows(), 1], tokenizer.start_token_id)
        end = tf.fill([tokens.nrows(), 1], tokenizer.end_token_id)
        rows = tf.concat([start, tokens, end], axis=1)
        segments = rows.with_values(tf.zeros_like(rows.values))
        return {"token_ids": rows, "segment_ids": segments}


def encode_around_mask(preprocessor, texts):
    """Make the inputs of an encoder from texts with a mask token.

    Each mask token that is written in a text becomes its id, wherever it
    stands. Of a text that is too long, the part around the first mask is kept,
    with the mask in its middle where there is enough text on both sides.

    Args:
        preprocessor: A `text.EncoderPreprocessor`.
        texts: String tensor `(batch,)`.

    Returns:
        Tuple of a dict as from `preprocessor.pad`; int32 `(batch,)`, the place
        of the first mask in each row; and bool `(batch,)`, whether there is
        one.
    """
    tokenizer = preprocessor.tokenizer
    with tf.device("CPU:0"):
        tokens = tokenize_with_masks(tokenizer, texts)
        places, has_mask = _first_places(tokens, tokenizer.mask_token_id)
        room = tf.constant(preprocessor.max_length - NUM_ENDS, tf.int64)
        lengths = tokens.row_lengths()
        beyond = tf.maximum(lengths - room, 0)
        begins = tf.clip_by_value(places - room // 2, 0, beyond)
        first = tokens.row_starts() + begins
        kept = tf.ragged.range(first, first + tf.minimum(lengths, room))
        kept = kept.with_values(tf.gather(tokens.values, kept.values))
        inputs = preprocessor.pad(with_ends(kept, tokenizer))
        return inputs, tf.cast(places - begins + 1, tf.int32), has_mask


def tokenize_with_masks(tokenizer, texts):
    """Tokenize texts in which the mask token may stand as it is written.

    Where tokens cover the space before their word, the one before a mask
    belongs to the mask, which stands for such a token.

    Args:
        tokenizer: A tokenizer whose vocabulary has a mask token.
        texts: String tensor `(batch,)`.

    Returns:
        int32 RaggedTensor `(batch, tokens)`.
    """
    if tokenizer.finds_mask_token:
        tokens = tokenizer.tokenize(texts)
    else:
        tokens = _tokenize_between_masks(tokenizer, texts)
    if tokenizer.space_token_id is None:
        return tokens
    ids = tokens.values
    is_space = ids == tokenizer.space_token_id
    is_mask = ids == tokenizer.mask_token_id
    # A mask at the begin of the next text hides no space at the end of this.
    begins_text = tf.math.unsorted_segment_sum(
        tf.ones_like(tokens.row_splits), tokens.row_splits, tf.size(ids) + 1
    )
    before_mask = tf.concat([is_mask[1:], [False]], axis=0)[: tf.size(ids)]
    kept = ~(is_space & before_mask & (begins_text[1:] == 0))
    ends = tf.cumsum(tf.cast(kept, tf.int64))
    splits = tf.gather(tf.concat([[0], ends], axis=0), tokens.row_splits)
    return tf.RaggedTensor.from_row_splits(
        tf.boolean_mask(ids, kept), splits, validate=False
    )


def rows_without(texts, token):
    """Find the texts in which a token is not written.

    Args:
        texts: Strings, `(batch,)`.
        token: A str.

    Returns:
        List of the numbers of these texts.
    """
    texts = to_string_tensor(texts, "text").numpy()
    wanted = token.encode()
    return [row for row, text in enumerate(texts) if wanted not in text]


def token_strings(tokenizer, ids):
    """Look up tokens as they stand in the vocabulary.

    Args:
        tokenizer: A tokenizer.
        ids: Integer tensor or array of any shape.

    Returns:
        String tensor of that shape.
    """
    with tf.device("CPU:0"):
        return tf.gather(tf.constant(tokenizer.vocabulary), ids)


def _tokenize_between_masks(tokenizer, texts):
    """Tokenize what stands between masks, and join it by their id."""
    parts = tf.strings.split(texts, tokenizer.mask_token)  # (batch, parts)
    tokens = tokenizer.tokenize(parts.values)  # (all parts, tokens)
    # A mask behind each part but the last one of a text.
    is_last = tf.math.unsorted_segment_sum(
        tf.ones_like(parts.row_splits[1:]),
        parts.row_splits[1:] - 1,
        tokens.nrows(),
    )
    masks = 1 - is_last
    masks = tf.RaggedTensor.from_row_lengths(
        tf.fill([tf.reduce_sum(masks)], tokenizer.mask_token_id), masks
    )
    joined = tf.concat([tokens, masks], axis=1)
    splits = tf.gather(joined.row_splits, parts.row_splits)
    return tf.RaggedTensor.from_row_splits(
        joined.values, splits, validate=False
    )


def _first_places(tokens, id):
    """Find the first token of an id in each row; 0 where there is none."""
    splits = tokens.row_splits
    row = part_of_each(splits)
    place = tf.range(splits[-1]) - tf.gather(splits, row)
    nowhere = splits[-1] + 1
    found = tf.math.unsorted_segment_min(
        tf.where(tokens.values == id, place, nowhere), row, tokens.nrows()
    )
    has_one = found < nowhere
    return tf.where(has_one, found, 0), has_one
