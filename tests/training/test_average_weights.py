import keras
import numpy as np
import pytest

from keras_transformer.training import AdamW, AverageWeights

EPOCHS = 5


class Counter(keras.layers.Layer):
    """A layer with weights that are no floats."""

    def build(self, input_shape):
        self.count = self.add_weight(
            shape=(3,), dtype="int32", initializer="ones", trainable=False
        )
        self.flag = self.add_weight(
            shape=(), dtype="bool", initializer="zeros", trainable=False
        )
        self.seed = keras.random.SeedGenerator(5)

    def call(self, inputs):
        return inputs


def small_model(optimizer="sgd"):
    layers = [
        keras.layers.Dense(4),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3, seed=1),
        Counter(),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    return model


def copied(model):
    return [np.array(weight) for weight in model.get_weights()]


class Recorder(keras.callbacks.Callback):
    """Keeps the weights at the end of the last batch and of each epoch."""

    def __init__(self):
        super().__init__()
        self.trained, self.at_begin, self.at_end = [], [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.at_begin.append(copied(self.model))

    def on_train_batch_end(self, batch, logs=None):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self.last = copied(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self.trained.append(self.last)
        self.at_end.append(copied(self.model))


def fitted(model, *callbacks, validation=True, epochs=EPOCHS):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 24, 3))
    data = (x[:10], y[:10, :2]) if validation else None
    return model.fit(
        x,
        y[:, :2],
        batch_size=8,
        epochs=epochs,
        verbose=0,
        validation_data=data,
        callbacks=list(callbacks),
    )


def assert_is_mean(weights, snapshots):
    for weight, *values in zip(weights, *snapshots, strict=True):
        if weight.dtype.kind == "f":
            mean = np.mean(values, axis=0, dtype="float64")
            np.testing.assert_allclose(weight, mean, rtol=1e-5, atol=1e-7)
        else:
            np.testing.assert_array_equal(weight, values[-1])


def assert_equal(weights, others):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)


@pytest.mark.parametrize(
    ("last", "validation"), [(1, False), (3, True), (9, False)]
)
def test_after_fit_the_weights_are_the_mean_of_the_last_epochs(
    last, validation
):
    model, recorder = small_model(), Recorder()
    fitted(model, AverageWeights(last), recorder, validation=validation)
    assert_is_mean(copied(model), recorder.trained[-last:])
    # Until then nobody sees the mean.
    for epoch in range(EPOCHS):
        assert_equal(recorder.at_end[epoch], recorder.trained[epoch])
    assert not np.array_equal(recorder.trained[0][0], recorder.trained[1][0])


@pytest.mark.parametrize("validation", [False, True])
def test_the_mean_is_validated_and_training_goes_on_without_it(validation):
    model, recorder = small_model(), Recorder()
    average = AverageWeights(2, during_validation=True)
    history = fitted(model, average, recorder, validation=validation).history
    for epoch in range(EPOCHS):
        snapshots = recorder.trained[max(0, epoch - 1) : epoch + 1]
        assert_is_mean(recorder.at_end[epoch], snapshots)
    for epoch in range(1, EPOCHS):
        assert_equal(recorder.at_begin[epoch], recorder.trained[epoch - 1])
    assert_equal(copied(model), recorder.at_end[-1])
    if validation:
        rng = np.random.default_rng(3)
        x, y = rng.normal(size=(2, 24, 3))
        for epoch in range(EPOCHS):
            model.set_weights(recorder.at_end[epoch])
            loss = model.evaluate(x[:10], y[:10, :2], verbose=0)
            assert history["val_loss"][epoch] == pytest.approx(loss, rel=1e-5)


def test_training_itself_is_not_changed():
    trained = []
    for callbacks in ([], [AverageWeights(2, during_validation=True)]):
        keras.utils.set_random_seed(11)
        recorder = Recorder()
        fitted(small_model(AdamW(0.01)), *callbacks, recorder)
        trained.append(recorder.trained)
    for without, beside in zip(*trained, strict=True):
        assert_equal(without, beside)


def test_early_stopping_and_checkpoints_keep_the_means_they_have_seen(tmp_path):
    model, recorder = small_model(), Recorder()
    path = tmp_path / "best.weights.h5"
    rates = [0.01, 0.1, 0.1, 0.8, 0.8]
    history = fitted(
        model,
        AverageWeights(2, during_validation=True),
        keras.callbacks.EarlyStopping(patience=50, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(
            path, save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch]),
        recorder,
    ).history["val_loss"]
    best = recorder.at_end[int(np.argmin(history))]
    assert np.argmin(history) < EPOCHS - 1, "the last must not be the best"
    assert_equal(copied(model), best)
    model.load_weights(path)
    assert_equal(copied(model), best)


def test_evaluating_outside_fit_leaves_the_weights_alone():
    model = small_model()
    average = AverageWeights(3, during_validation=True)
    fitted(model, average)
    before = copied(model)
    model.evaluate(
        np.ones((4, 3)), np.ones((4, 2)), verbose=0, callbacks=[average]
    )
    assert_equal(copied(model), before)


def test_a_second_fit_starts_anew():
    model, recorder = small_model(), Recorder()
    average = AverageWeights(9)
    fitted(model, average, epochs=2)
    fitted(model, average, recorder, epochs=3)
    assert_is_mean(copied(model), recorder.trained)


def test_half_precision_weights_are_averaged_in_float32():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16")]
    )
    model.compile("sgd", "mse")
    average = AverageWeights(3)
    fitted(model, average)
    (kernel, _) = model.weights
    assert keras.backend.standardize_dtype(kernel.dtype) == "bfloat16"
    assert np.isfinite(keras.ops.convert_to_numpy(kernel)).all()


@pytest.mark.parametrize("last", [0, -1, 2.5, True, None])
def test_a_number_of_epochs_that_makes_no_sense_is_refused(last):
    with pytest.raises(ValueError, match=rf"from 1\. Received: last={last}"):
        AverageWeights(last)


def test_the_exponential_mean_of_keras_works_with_our_adamw():
    class Updates(keras.callbacks.Callback):
        mean = None

        def on_train_batch_end(self, batch, logs=None):
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()
            now = copied(self.model)
            past = self.mean or now
            self.mean = [
                0.5 * p + 0.5 * n for p, n in zip(past, now, strict=True)
            ]

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    updates = Updates()
    optimizer = AdamW(0.05, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "mse", jit_compile=False)
    swap = keras.callbacks.SwapEMAWeights()
    history = fitted(model, updates, swap, epochs=3).history
    for weight, mean in zip(copied(model), updates.mean, strict=True):
        np.testing.assert_allclose(weight, mean, rtol=1e-4, atol=1e-6)
    x, y = np.random.default_rng(3).normal(size=(2, 24, 3))
    loss = model.evaluate(x[:10], y[:10, :2], verbose=0)
    assert history["val_loss"][-1] == pytest.approx(loss, rel=1e-4)
