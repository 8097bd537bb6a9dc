"""The flags of an encoder trained from scratch, and how it is built."""

from keras_transformer.cli.console import say
from keras_transformer.cli.flag_types import positive_int, share
from keras_transformer.models.encoder import Encoder
from keras_transformer.models.sizes import SIZES

# Measured on SST-2, TREC and SMS Spam: with few examples, much has to be
# dropped of the embeddings and little behind them.
EMBEDDING_DROPOUT = 0.3

_FEWEST_TOKENS = 500
_MOST_TOKENS = 30_000


def add_encoder_arguments(parser):
    """Add the flags of a model that starts with fresh weights."""
    model = parser.add_argument_group("the model")
    model.add_argument(
        "--size",
        choices=list(SIZES),
        default="tiny",
        help="its size; tiny: 2 layers 128 wide, mini: 4 layers 256 wide, "
        "small: 4 layers 512 wide, base: 12 layers 768 wide "
        "(default: %(default)s)",
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
    model.add_argument(
        "--max-length",
        type=positive_int,
        default=256,
        metavar="N",
        help="most tokens of an example; what is beyond is cut "
        "(default: %(default)s)",
    )
    model.add_argument(
        "--dropout",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="share dropped of what each layer adds (default: %(default)s)",
    )
    model.add_argument(
        "--token-dropout",
        type=share,
        default=0.2,
        metavar="SHARE",
        help="share of tokens that training hides, so that the model does not "
        "learn its examples by heart (default: %(default)s)",
    )


def build_encoder(strings, arguments):
    """Learn a vocabulary and make an encoder for it.

    Args:
        strings: Dict from name to a list of training texts.
        arguments: The parsed flags.

    Returns:
        A pair of a `models.Encoder` with fresh weights and a
        `text.EncoderPreprocessor`.
    """
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
    encoder = Encoder.from_size(
        arguments.size,
        len(vocabulary),
        max_sequence_length=arguments.max_length,
        num_segments=len(strings) if len(strings) > 1 else 0,
        dropout=arguments.dropout,
        embedding_dropout=EMBEDDING_DROPOUT,
    )
    say(
        f"{len(vocabulary):,} tokens; a {arguments.size} encoder of "
        f"{encoder.count_params():,} weights"
    )
    return encoder, preprocessor


def usual_vocabulary_size(texts):
    """One token for every 32 words: enough examples of each to learn it.

    But room for three tokens a character, where there are many characters.
    """
    words = sum(len(line.split()) for line in texts)
    characters = len(set().union(*texts))
    fewest = max(_FEWEST_TOKENS, 3 * characters)
    return min(max(words // 32, fewest), max(_MOST_TOKENS, fewest))
