"""The flags of an encoder, fresh or of a trained task, and how it is built."""

from keras_transformer.cli.console import say
from keras_transformer.cli.flag_types import positive_int, share
from keras_transformer.models.encoder import Encoder
from keras_transformer.models.sizes import SIZES
from keras_transformer.tasks.loading import load

# Measured on SST-2, TREC and SMS Spam: with few examples, much has to be
# dropped of the embeddings and little behind them.
EMBEDDING_DROPOUT = 0.3

_SIZE = "tiny"
_MAX_LENGTH = 256
_FEWEST_TOKENS = 500
_MOST_TOKENS = 30_000

# What a trained encoder brings along.
_OF_FRESH = ("size", "vocabulary_size", "cased")


def add_encoder_arguments(parser, token_dropout=True):
    """Add the flags of a model with an encoder.

    Args:
        parser: Of the task.
        token_dropout: Whether the task can hide tokens in training.
    """
    model = parser.add_argument_group("the model")
    model.add_argument(
        "--encoder",
        metavar="DIR",
        help="begin with the encoder and the tokens of a trained task, such "
        "as `train masked-lm` writes: its folder, or a .keras file (default: "
        "fresh weights)",
    )
    _add_fresh_arguments(model)
    model.add_argument(
        "--max-length",
        type=positive_int,
        default=_MAX_LENGTH,
        metavar="N",
        help="most tokens of an example (default: %(default)s, or as many "
        "positions as the --encoder has, if they are fewer)",
    )
    model.add_argument(
        "--dropout",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="share dropped of what each layer adds (default: %(default)s)",
    )
    if token_dropout:
        model.add_argument(
            "--token-dropout",
            type=share,
            default=0.2,
            metavar="SHARE",
            help="share of tokens that training hides, so that the model does "
            "not learn its examples by heart (default: %(default)s)",
        )


def _add_fresh_arguments(model):
    """Add the flags of an encoder with fresh weights."""
    model.add_argument(
        "--size",
        choices=list(SIZES),
        help="its size; tiny: 2 layers 128 wide, mini: 4 layers 256 wide, "
        "small: 4 layers 512 wide, base: 12 layers 768 wide "
        f"(default: {_SIZE})",
    )
    model.add_argument(
        "--vocabulary-size",
        type=positive_int,
        metavar="N",
        help="most tokens of the WordPiece vocabulary that is learned from "
        "the training texts (default: one for every 32 words, between "
        f"{_FEWEST_TOKENS} and {_MOST_TOKENS})",
    )
    model.add_argument(
        "--cased",
        action="store_true",
        help="tell capitals and accents apart (default: texts are "
        "lower-cased, accents dropped)",
    )


def check_encoder_arguments(arguments):
    """Check that the flags go together, before anything is read.

    Raises:
        ValueError: If `--encoder` is given, and what it brings along too.
    """
    if arguments.encoder is None:
        return
    given = [name for name in _OF_FRESH if getattr(arguments, name)]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(
            "`--encoder` brings its own size and tokens. Received: --encoder "
            f"{arguments.encoder} and {flags}. Leave the latter out, or leave "
            "out `--encoder` to begin with fresh weights."
        )


def build_encoder(strings, arguments, embedding_dropout=EMBEDDING_DROPOUT):
    """Make an encoder: of a trained task, or fresh, for a new vocabulary.

    Args:
        strings: Dict from name to a list of training texts.
        arguments: The parsed flags.
        embedding_dropout: Share dropped of the embeddings.

    Returns:
        A pair of a `models.Encoder` and a `text.EncoderPreprocessor`.

    Raises:
        ValueError: If `--encoder` names no task with an encoder, or one with
            too few positions, or flags do not go together.
    """
    check_encoder_arguments(arguments)
    segments = len(strings) if len(strings) > 1 else 0
    if arguments.encoder is not None:
        return _trained_encoder(segments, arguments, embedding_dropout)
    from keras_transformer import text

    texts = [line for column in strings.values() for line in column]
    say(f"Learning a vocabulary from {len(texts):,} texts ...")
    vocabulary = text.train_word_piece_vocabulary(
        texts,
        arguments.vocabulary_size or usual_vocabulary_size(texts),
        lowercase=not arguments.cased,
    )
    tokenizer = text.WordPieceTokenizer(
        vocabulary, lowercase=not arguments.cased
    )
    preprocessor = text.EncoderPreprocessor(
        tokenizer, max_length=arguments.max_length
    )
    size = arguments.size or _SIZE
    encoder = Encoder.from_size(
        size,
        len(vocabulary),
        max_sequence_length=arguments.max_length,
        num_segments=segments,
        dropout=arguments.dropout,
        embedding_dropout=embedding_dropout,
    )
    say(
        f"{len(vocabulary):,} tokens; a {size} encoder of "
        f"{encoder.count_params():,} weights"
    )
    return encoder, preprocessor


def _trained_encoder(segments, arguments, embedding_dropout):
    """Take the encoder and the tokens of a trained task.

    The shares that are dropped are those of the flags. Where the new task
    needs segments and the trained one had none, their table is fresh.
    """
    from keras_transformer import text

    task = load(arguments.encoder)
    trained = getattr(task, "encoder", None)
    preprocessor = getattr(task, "preprocessor", None)
    tokenizer = getattr(preprocessor, "tokenizer", None)
    if not isinstance(trained, Encoder) or tokenizer is None:
        raise ValueError(
            "`--encoder` must be a trained task with an encoder and a "
            "tokenizer, such as masked-lm or classification. Received: "
            f"{arguments.encoder}, which holds a {type(task).__name__}"
            f"{'' if tokenizer else ' without a tokenizer'}."
        )
    longest = _longest(arguments.max_length, trained)
    encoder = Encoder(
        **{
            **trained.arguments,
            "num_segments": trained.num_segments or segments,
            "dropout": arguments.dropout,
            "embedding_dropout": embedding_dropout,
        }
    )
    _copy_weights(trained, encoder)
    say(
        f"{tokenizer.vocabulary_size:,} tokens, and an encoder of "
        f"{encoder.count_params():,} weights, trained as {arguments.encoder}"
    )
    return encoder, text.EncoderPreprocessor(tokenizer, max_length=longest)


def _longest(asked, encoder):
    """Most tokens of an example, for which there must be positions."""
    limit = encoder.max_sequence_length
    if encoder.positions != "learned" or asked <= limit:
        return asked
    if asked == _MAX_LENGTH:  # what is asked for by default
        return limit
    raise ValueError(
        "`--max-length` can be at most the number of positions that the "
        f"encoder has learned. Received: --max-length {asked}, and an encoder "
        f"of {limit} positions."
    )


def _copy_weights(trained, encoder):
    """Copy all weights; a segment table that is new stays as it is."""
    targets = [
        weight
        for weight in encoder.weights
        if trained.num_segments or "segment_table" not in weight.path
    ]
    for target, values in zip(targets, trained.get_weights(), strict=True):
        target.assign(values)


def usual_vocabulary_size(texts):
    """One token for every 32 words: enough examples of each to learn it.

    But room for three tokens a character, where there are many characters.
    """
    words = sum(len(line.split()) for line in texts)
    characters = len(set().union(*texts))
    fewest = max(_FEWEST_TOKENS, 3 * characters)
    return min(max(words // 32, fewest), max(_MOST_TOKENS, fewest))
