"""Rows out of files, and batches of them for training."""

from keras_transformer.data.batch_plan import (
    BatchPlan,
    choose_bucket_lengths,
    plan_batches,
)
from keras_transformer.data.bucketing import bucketed_batches
from keras_transformer.data.columns import (
    CONTEXT_COLUMNS,
    LABEL_COLUMNS,
    PAIR_COLUMNS,
    QUESTION_COLUMNS,
    SCORE_COLUMNS,
    SOURCE_COLUMNS,
    TARGET_COLUMNS,
    TEXT_COLUMNS,
)
from keras_transformer.data.errors import DataError
from keras_transformer.data.records import Records, read_records
from keras_transformer.data.string_datasets import map_strings
from keras_transformer.data.tables import (
    LabelledTexts,
    Table,
    read_labelled_texts,
    read_table,
)
from keras_transformer.data.text_files import read_texts

__all__ = [
    "BatchPlan",
    "CONTEXT_COLUMNS",
    "DataError",
    "LABEL_COLUMNS",
    "LabelledTexts",
    "PAIR_COLUMNS",
    "QUESTION_COLUMNS",
    "Records",
    "SCORE_COLUMNS",
    "SOURCE_COLUMNS",
    "TARGET_COLUMNS",
    "TEXT_COLUMNS",
    "Table",
    "bucketed_batches",
    "choose_bucket_lengths",
    "map_strings",
    "plan_batches",
    "read_labelled_texts",
    "read_records",
    "read_table",
    "read_texts",
]
