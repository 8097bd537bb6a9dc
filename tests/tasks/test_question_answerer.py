"""Questions in, parts of contexts out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.tasks.answerers import WORDS, make_answerer, planted
from tests.text.conftest import CORPUS
from tests.text.reference import HAND_PICKED, generated_strings

LONG = 3000


@pytest.fixture(scope="module")
def trained():
    """An answerer that has learned to find the name."""
    keras.utils.set_random_seed(3)
    answerer = make_answerer()
    answerer.compile(learning_rate=0.02)
    # Forty words are several windows, most of which lack the answer.
    strings, answers = planted(300, 40)
    answerer.fit(
        strings, answers, epochs=6, batch_tokens=1024, seed=3, verbose=0
    )
    return answerer


def test_an_answer_at_any_place_of_a_long_context_is_found(trained):
    places = np.linspace(0, LONG - 2, 48).astype(int)
    strings, answers = planted(len(places), LONG, seed=1, places=places)
    found = trained.answer(strings)
    assert [text.decode() for text in found["answer"].numpy()] == [
        answer["text"] for answer in answers
    ]
    np.testing.assert_array_equal(
        found["start"], [answer["answer_start"] for answer in answers]
    )
    for context, start, end, answer in zip(
        strings["context"],
        found["start"].numpy(),
        found["end"].numpy(),
        found["answer"].numpy(),
        strict=True,
    ):
        assert context[start:end] == answer.decode()
    scores = found["score"].numpy()
    assert (scores > 0.5).all() and (scores <= 1).all()


def test_scores_of_answers_are_those_of_the_script(trained):
    strings, answers = planted(40, 60, seed=5)
    texts = trained.answer_texts(strings)
    references = [answer["text"] for answer in answers]
    scores = kt.training.squad_scores(texts, references)
    assert scores == {"exact_match": 1.0, "f1": 1.0}


def test_contexts_without_an_answer_get_none_where_that_is_likelier(trained):
    strings, answers = planted(6, 70, seed=7)
    for row in (1, 4):
        text = strings["context"][row].replace(answers[row]["text"], "w0")
        strings["context"][row] = text
    always = trained.answer(strings)
    assert all(always["answer"].numpy())
    trained.no_answer_threshold = 0.0
    try:
        perhaps = trained.answer(strings)
    finally:
        trained.no_answer_threshold = None
    is_none = [not text for text in perhaps["answer"].numpy()]
    assert is_none == [False, True, False, False, True, False]
    for name in ("start", "end"):
        assert perhaps[name].numpy()[[1, 4]].tolist() == [-1, -1]
    # What is left is as without the threshold.
    for name, values in always.items():
        kept = np.logical_not(is_none)
        np.testing.assert_array_equal(
            values.numpy()[kept], perhaps[name].numpy()[kept]
        )
    assert (perhaps["score"].numpy()[[1, 4]] > 0.5).all()


def test_answers_are_no_longer_than_asked_for():
    answerer = randomize(make_answerer(max_answer_length=3))
    strings, _ = planted(30, 50)
    lengths = [len(text.split()) for text in answerer.answer_texts(strings)]
    assert max(lengths) == 3 and min(lengths) >= 1
    answerer.max_answer_length = 1
    assert {len(t.split()) for t in answerer.answer_texts(strings)} == {1}


def same(answer, other):
    assert answer.keys() == other.keys()
    for name, values in answer.items():
        if name == "score":
            np.testing.assert_allclose(values, other[name], atol=1e-5)
        else:
            np.testing.assert_array_equal(values, other[name])


def lengths_mixed(number=23):
    """Contexts of one word to many windows."""
    rng = np.random.default_rng(3)
    contexts = [
        " ".join(rng.choice(WORDS, 1 + row * row % 97)) for row in range(number)
    ]
    questions = [
        " ".join(rng.choice(WORDS, 1 + row % 9)) for row in range(number)
    ]
    return {"question": questions, "context": contexts}


def test_company_and_padding_change_no_answer():
    answerer = randomize(make_answerer())
    strings = lengths_mixed()
    together = answerer.answer(strings)
    same(together, answerer.answer(strings, batch_size=4))
    pairs = list(zip(*strings.values(), strict=True))
    same(together, answerer.answer(pairs))
    alone = [answerer.answer([pair]) for pair in pairs]
    same(
        together,
        {name: tf.concat([a[name] for a in alone], 0) for name in together},
    )


def test_windows_get_the_logits_that_they_get_alone():
    answerer = randomize(make_answerer())
    windows = answerer.preprocessor(**lengths_mixed(9))
    ids = {name: windows[name] for name in answerer.input_names}
    together = keras.ops.convert_to_numpy(answerer(ids))
    assert together.dtype == "float32" and together.shape[2] == 2
    lengths = np.sum(ids["padding_mask"], axis=1)
    for row, length in enumerate(lengths):
        alone = answerer({k: v[row : row + 1, :length] for k, v in ids.items()})
        alone = keras.ops.convert_to_numpy(alone)[0]
        np.testing.assert_allclose(together[row, :length], alone, atol=1e-4)
        assert (together[row, length:] == -1e9).all()


TEXTS = [t for t in [*HAND_PICKED, *generated_strings(2000, 29)] if t.strip()]


def make_tokenizer(kind):
    """A tokenizer of a kind, of a small vocabulary."""
    texts = [*CORPUS, *HAND_PICKED] * 3
    if kind == "bytes":
        return kt.text.BytePairTokenizer(*kt.text.train_byte_pair(texts, 400))
    if kind == "sentence pieces":
        model = kt.text.train_sentence_piece(texts, 600)
        return kt.text.SentencePieceTokenizer(model)
    lowercase = kind == "uncased words"
    vocabulary = kt.text.train_word_piece_vocabulary(texts, 1500, lowercase)
    return kt.text.WordPieceTokenizer(vocabulary, lowercase=lowercase)


@pytest.mark.parametrize(
    "kind", ["uncased words", "cased words", "sentence pieces", "bytes"]
)
def test_answers_of_thousands_of_strings_are_cut_from_them(kind):
    tokenizer = make_tokenizer(kind)
    encoder = kt.models.Encoder(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=8,
        positions="relative",
    )
    answerer = randomize(
        kt.tasks.QuestionAnswerer(
            encoder,
            kt.text.QuestionPreprocessor(tokenizer, 48),
            max_answer_length=9,
        )
    )
    strings = {"question": ["why?"] * len(TEXTS), "context": TEXTS}
    found = answerer.answer(strings, batch_size=len(TEXTS))
    columns = [found[name].numpy() for name in ("answer", "start", "end")]
    answered = 0
    for context, answer, start, end in zip(TEXTS, *columns, strict=True):
        if answer:
            assert context[start:end] == answer.decode()
            assert answer.decode().strip() == answer.decode()
            answered += 1
        else:
            assert start == end == -1
    assert answered > 0.9 * len(TEXTS)


def test_a_reloaded_task_answers_as_the_saved_one(tmp_path, eagerly):
    answerer = randomize(
        make_answerer(
            max_answer_length=5, no_answer_threshold=0.5, token_dropout=0.1
        )
    )
    answerer.compile()
    strings, answers = planted(6, 40)
    answerer.fit(strings, answers, verbose=0)
    answerer.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    assert again.get_config() == answerer.get_config()
    same(answerer.answer(strings), again.answer(strings))
    again.fit(strings, answers, verbose=0)


def test_an_encoder_without_segments_answers_too(eagerly):
    answerer = randomize(make_answerer(num_segments=0))
    assert answerer.input_names == ["token_ids", "padding_mask", "segment_ids"]
    strings, answers = planted(4, 40)
    answerer.fit(strings, answers, verbose=0)
    for text, context in zip(
        answerer.answer_texts(strings), strings["context"], strict=True
    ):
        assert text in context


def test_no_questions_get_no_answers():
    answer = make_answerer().answer({"question": [], "context": []})
    assert {k: v.dtype.name for k, v in answer.items()} == {
        "answer": "string",
        "start": "int32",
        "end": "int32",
        "score": "float32",
    }
    assert {v.shape for v in answer.values()} == {(0,)}


def test_bfloat16_answers_in_float32(eagerly):
    preprocessor = make_answerer().preprocessor
    encoder = kt.models.Encoder.from_size(
        "tiny",
        preprocessor.vocabulary_size,
        max_sequence_length=24,
        dtype="mixed_bfloat16",
    )
    answerer = kt.tasks.QuestionAnswerer(encoder, preprocessor)
    strings, answers = planted(3, 40)
    answerer.fit(strings, answers, verbose=0)
    answer = answerer.answer(strings)
    assert answer["score"].dtype == tf.float32
    assert np.isfinite(answer["score"]).all() and all(answer["answer"].numpy())


def test_blank_texts_are_refused_before_they_are_answered():
    answerer = make_answerer()
    with pytest.raises(ValueError, match=r"context\[1\]='\\t'"):
        answerer.answer({"question": ["a", "b"], "context": ["c", "\t"]})


def test_strings_have_no_logits_of_one_shape():
    strings, _ = planted(2, 5)
    answerer = make_answerer()
    with pytest.raises(ValueError, match="Use `answer`"):
        answerer.predict(strings)
    ids = answerer.preprocess(strings)
    ids = {name: np.asarray(rows) for name, rows in ids.items()}
    logits = answerer.predict(ids, verbose=0)
    np.testing.assert_allclose(logits, answerer(ids), atol=1e-5)


def test_a_preprocessor_of_another_kind_is_refused():
    answerer = make_answerer()
    tokenizer = answerer.preprocessor.tokenizer
    with pytest.raises(ValueError, match=r"text\.QuestionPreprocessor`, which"):
        kt.tasks.QuestionAnswerer(
            answerer.encoder, kt.text.EncoderPreprocessor(tokenizer, 24)
        )


def test_a_task_without_tokenizer_takes_ids_and_says_so(eagerly):
    encoder = make_answerer().encoder
    answerer = kt.tasks.QuestionAnswerer(encoder)
    ids = {
        "token_ids": np.array([[2, 5, 3, 7, 8, 3]]),
        "padding_mask": np.ones((1, 6), bool),
        "segment_ids": np.array([[0, 0, 0, 1, 1, 1]]),
    }
    answerer.fit(ids, np.array([[3, 4]]), verbose=0)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        answerer.answer([("who", "w1")])
