"""Score a trained model on a file.

The last line on stdout is one JSON object of metrics, with the number of
examples. For classification: accuracy, f1 (macro), f1_per_class and loss
(nats). For entities: precision, recall, f1 and f1_per_class of whole entities,
as seqeval counts, and loss. For translation: bleu and chrf (sacrebleu's
defaults), exact_match, loss (nats a token) and perplexity. For summarization:
rouge1, rouge2 and rougeL, loss and perplexity. For causal-lm: loss and
perplexity. For masked-lm: loss, perplexity and accuracy at the hidden tokens,
always the same. For similarity: spearman and pearson, the correlations of
cosines and scores, and loss; of pairs without scores accuracy, how many texts
find their own among all others. For question-answering: exact_match and f1, as
SQuAD counts them but from 0 to 1, and loss.
"""

import json

from keras_transformer.cli import (
    causal_lm,
    classification,
    entities,
    question_answering,
    similarity,
    translation,
)
from keras_transformer.cli.console import say_warnings_plainly
from keras_transformer.cli.flag_types import up_to
from keras_transformer.cli.searching import (
    add_search_arguments,
    search_options,
)
from keras_transformer.cli.tasks import open_task

HELP = "score a trained model on a file"


def add_arguments(parser):
    """Add the flags."""
    parser.add_argument(
        "model", metavar="DIR", help="what `train` wrote, or a .keras file"
    )
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        action=up_to(2),
        metavar="FILE",
        help="examples, as for `train`; sources and targets may be two files",
    )
    parser.add_argument(
        "--format",
        choices=["text", "tsv", "csv", "jsonl", "squad", "conll"],
        help="of the file (default: told from its name)",
    )
    for module in (
        classification,
        entities,
        question_answering,
        translation,
        causal_lm,
        similarity,
    ):
        module.add_column_arguments(parser)
    add_search_arguments(parser)


def run(arguments):
    """Score and print."""
    say_warnings_plainly()
    task, module = open_task(arguments.model)
    options = search_options(arguments, task)
    if len(arguments.data) > module.MOST_FILES:
        raise ValueError(
            f"A {type(task).__name__} is scored on {module.MOST_FILES} file. "
            f"Received: {' '.join(arguments.data)}."
        )
    examples = module.read(arguments.data, arguments)
    module.check_validation(task, examples)
    metrics = module.score(task, examples, **options)
    print(json.dumps(metrics, ensure_ascii=False))
