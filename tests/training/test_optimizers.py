import keras
import numpy as np
import pytest

from keras_transformer.training import AdamW, WarmupLinearDecay

to_numpy = keras.ops.convert_to_numpy


def model_with_all_kinds_of_weights():
    """A kernel, an embedding, norms, and biases of one and of two axes."""
    ids = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(11, 6, name="embedding")(ids)
    x = keras.layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = keras.layers.LayerNormalization(name="layer")(x)
    x = keras.layers.RMSNormalization(name="rms")(x)
    model = keras.Model(ids, keras.layers.Dense(4, name="dense")(x))
    for weight in model.trainable_variables:
        weight.assign(np.full(weight.shape, 2.0))
    return model


def apply_zeros(model, updates=1):
    weights = model.trainable_variables
    for _ in range(updates):
        zeros = [keras.ops.zeros(weight.shape) for weight in weights]
        model.optimizer.apply(zeros, weights)


def sizes(model):
    return {
        weight.path: float(np.unique(to_numpy(weight)).item())
        for weight in model.trainable_variables
    }


def check_decay(model, shrunk):
    for path, size in sizes(model).items():
        decays = path.split("/")[-1] in ("kernel", "embeddings")
        assert size == pytest.approx(shrunk if decays else 2.0), path


def test_only_matrices_decay():
    model = model_with_all_kinds_of_weights()
    model.compile(AdamW(0.1, weight_decay=0.5), "mse")
    apply_zeros(model)
    check_decay(model, shrunk=2 * (1 - 0.1 * 0.5))
    assert len(sizes(model)) == 14


def test_biases_are_still_spared_after_saving_and_loading(tmp_path):
    model = model_with_all_kinds_of_weights()
    model.compile(AdamW(0.1, weight_decay=0.5), "mse")
    apply_zeros(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, AdamW)
    assert int(loaded.optimizer.iterations) == 1
    apply_zeros(loaded)
    check_decay(loaded, shrunk=2 * 0.95**2)


def test_keras_s_own_adamw_decays_biases():
    # Should this fail, Keras has learnt it and our class may go.
    model = model_with_all_kinds_of_weights()
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.5), "mse")
    apply_zeros(model)
    for path, size in sizes(model).items():
        assert size == pytest.approx(1.9), path


def test_what_the_caller_excludes_is_excluded_as_well():
    model = model_with_all_kinds_of_weights()
    optimizer = AdamW(0.1, weight_decay=0.5)
    kernel = model.get_layer("dense").kernel
    optimizer.exclude_from_weight_decay([kernel], ["embeddings"])
    model.compile(optimizer, "mse")
    apply_zeros(model)
    found = sizes(model)
    assert found["dense/kernel"] == found["embedding/embeddings"] == 2.0
    assert found["attention/query/bias"] == found["rms/scale"] == 2.0
    assert found["attention/query/kernel"] == pytest.approx(1.9)


def test_gradients_are_clipped_by_their_common_length():
    first, second = (keras.Variable(np.zeros((2, 2))) for _ in range(2))
    # With beta 0, epsilon dominating and no decay, update = -rate * gradient.
    optimizer = AdamW(
        1.0, 0.0, beta_1=0.0, beta_2=0.0, epsilon=1e6, global_clipnorm=1.0
    )
    gradients = [np.full((2, 2), 3.0), np.full((2, 2), 4.0)]
    optimizer.apply(
        [keras.ops.convert_to_tensor(g, "float32") for g in gradients],
        [first, second],
    )
    length = np.sqrt(sum((g**2).sum() for g in gradients))
    assert length == 10
    for variable, gradient in zip((first, second), gradients, strict=True):
        np.testing.assert_allclose(
            to_numpy(variable) * -1e6, gradient / length, rtol=1e-4
        )


def test_an_update_is_that_of_the_paper():
    start = np.random.default_rng(7).normal(size=(3, 4)).astype("float32")
    gradient = np.random.default_rng(8).normal(size=(3, 4)) / 100
    variable = keras.Variable(start)
    optimizer = AdamW(0.01, weight_decay=0.1)
    weight, m, v = start.astype("float64"), 0.0, 0.0
    for step in range(1, 6):
        optimizer.apply(
            [keras.ops.convert_to_tensor(gradient, "float32")], [variable]
        )
        m = 0.9 * m + 0.1 * gradient
        v = 0.98 * v + 0.02 * gradient**2
        weight -= 0.01 * 0.1 * weight
        unbiased = np.sqrt(v / (1 - 0.98**step))
        weight -= 0.01 * (m / (1 - 0.9**step)) / (unbiased + 1e-8)
    np.testing.assert_allclose(to_numpy(variable), weight, rtol=1e-4)


def test_defaults_survive_a_round_trip():
    optimizer = AdamW(WarmupLinearDecay(1e-3, 2, 10), beta_2=0.95)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, AdamW)
    assert again.get_config() == optimizer.get_config()
    assert again.global_clipnorm == 1.0
    assert again.weight_decay == 0.01


def test_another_clipping_can_be_chosen():
    assert AdamW(clipnorm=2.0, global_clipnorm=None).clipnorm == 2.0
    with pytest.raises(ValueError, match=r"global_clipnorm=1\.0"):
        AdamW(clipnorm=2.0)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_it_trains_a_model_with_fit(policy):
    keras.config.set_dtype_policy(policy)
    try:
        layers = [keras.layers.Embedding(11, 6), keras.layers.Dense(4)]
        model = keras.Sequential([keras.Input((5,), dtype="int32"), *layers])
        model.compile(AdamW(0.05), "mse")
    finally:
        keras.config.set_dtype_policy("float32")
    ids = np.random.default_rng(3).integers(0, 11, (8, 5))
    target = np.ones((8, 5, 4))
    losses = model.fit(ids, target, epochs=8, batch_size=4, verbose=0)
    assert losses.history["loss"][-1] < losses.history["loss"][0] / 2
