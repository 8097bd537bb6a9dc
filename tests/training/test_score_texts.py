import keras
import numpy as np
import pytest

from keras_transformer.training import ScoreTexts, bleu, exact_match


def fitted(*callbacks, epochs=6):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2))
    return model.fit(
        x,
        x[:, :1],
        epochs=epochs,
        verbose=0,
        validation_data=(x, x[:, :1]),
        callbacks=list(callbacks),
    ).history


class Speaker:
    """Answers with the next of some lists of texts at each call."""

    def __init__(self, *answers):
        self.answers = iter(answers)
        self.asked = []

    def __call__(self, inputs):
        self.asked.append(inputs)
        return next(self.answers)


def test_early_stopping_and_the_history_see_the_scores():
    generate = Speaker(["x", "b"], ["a", "b"], ["a", "x"], ["x", "x"])
    history = fitted(
        ScoreTexts(exact_match, ["A", "B"], ["a", "b"], generate),
        keras.callbacks.EarlyStopping(
            "val_exact_match", mode="max", patience=2
        ),
    )
    assert history["val_exact_match"] == [0.5, 1.0, 0.5, 0.0]
    assert len(history["loss"]) == len(history["val_loss"]) == 4
    assert generate.asked == [["A", "B"]] * 4


def test_a_checkpoint_keeps_the_epoch_that_scores_best(tmp_path):
    class Epochs(keras.callbacks.Callback):
        kernels = []

        def on_epoch_end(self, epoch, logs=None):
            (kernel, _) = self.model.get_weights()
            self.kernels.append(np.array(kernel))

    path = tmp_path / "best.weights.h5"
    epochs = Epochs()
    fitted(
        ScoreTexts(exact_match, [1], ["a"], Speaker(["x"], ["a"], ["x"])),
        keras.callbacks.ModelCheckpoint(
            path,
            "val_exact_match",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
        ),
        epochs,
        epochs=3,
    )
    epochs.model.load_weights(path)
    np.testing.assert_array_equal(
        epochs.model.get_weights()[0], epochs.kernels[1]
    )


def test_several_scores_are_kept_and_their_signatures_are_not():
    pytest.importorskip("sacrebleu")

    def words(hypotheses, references):
        return sum(len(text.split()) for text in hypotheses)

    callback = ScoreTexts(
        [bleu, exact_match, words],
        ["x"],
        [["c d", "a b c d e"]],
        lambda _: ["a b c d e"],
        name_prefix="sample_",
    )
    history = fitted(callback, epochs=1)
    found = {
        name: values
        for name, values in history.items()
        if name.startswith("sample_")
    }
    assert found.keys() == {"sample_bleu", "sample_exact_match", "sample_words"}
    assert found["sample_bleu"] == [pytest.approx(100)]
    assert found["sample_words"] == [5.0]


def test_epochs_are_left_out_but_for_the_last():
    generate = Speaker(["a"], ["x"], ["a"])
    history = fitted(
        ScoreTexts(exact_match, [1], ["a"], generate, every=2), epochs=5
    )
    assert history["val_exact_match"] == [1.0, 0.0, 1.0]
    assert len(generate.asked) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ScoreTexts(bleu, [1], ["a"], list, every=0), "every=0"),
        (lambda: ScoreTexts(bleu, [1, 2], ["a"], list), "2 inputs and 1 ref"),
        (lambda: ScoreTexts(bleu, [], [], list), "at least one"),
        (
            lambda: fitted(ScoreTexts(exact_match, [1], ["a"], lambda _: [])),
            "0 hypotheses and 1 references",
        ),
        (
            lambda: fitted(
                ScoreTexts(lambda h, r: {"a": "b"}, [1], ["a"], lambda _: "x")
            ),
            "a number, or a dict.*{'a': 'b'}",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
