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
from keras_transformer.data.documents import Documents, read_documents
from keras_transformer.data.errors import DataError
from keras_transformer.data.packing import PackingPlan, pack, plan_packing
from keras_transformer.data.parallel import ParallelTexts, read_parallel
from keras_transformer.data.records import Records, read_records
from keras_transformer.data.string_datasets import map_strings
from keras_transformer.data.summaries import Summaries, read_summaries
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
    "Documents",
    "LABEL_COLUMNS",
    "LabelledTexts",
    "PAIR_COLUMNS",
    "PackingPlan",
    "ParallelTexts",
    "QUESTION_COLUMNS",
    "Records",
    "SCORE_COLUMNS",
    "SOURCE_COLUMNS",
    "Summaries",
    "TARGET_COLUMNS",
    "TEXT_COLUMNS",
    "Table",
    "bucketed_batches",
    "choose_bucket_lengths",
    "map_strings",
    "pack",
    "plan_batches",
    "plan_packing",
    "read_documents",
    "read_labelled_texts",
    "read_parallel",
    "read_records",
    "read_summaries",
    "read_table",
    "read_texts",
]
