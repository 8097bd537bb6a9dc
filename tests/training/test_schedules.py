import keras
import numpy as np
import pytest

from keras_transformer.training import (
    WarmupCosineDecay,
    WarmupInverseSquareRoot,
    WarmupLinearDecay,
)


def rates(schedule, steps):
    return np.array(
        [
            float(keras.ops.convert_to_numpy(schedule(np.int64(step))))
            for step in steps
        ]
    )


def test_the_inverse_square_root_is_equation_3_of_the_paper():
    schedule = WarmupInverseSquareRoot(384, warmup_steps=700, factor=1.5)
    steps = np.array([1, 2, 350, 699, 700, 701, 5000, 100_000], dtype=float)
    expected = 1.5 * 384**-0.5 * np.minimum(steps**-0.5, steps * 700**-1.5)
    np.testing.assert_allclose(rates(schedule, steps - 1), expected, rtol=1e-5)


def test_the_paper_s_own_settings_are_the_defaults():
    schedule = WarmupInverseSquareRoot()
    highest = rates(schedule, [3999])[0]
    assert highest == pytest.approx((512 * 4000) ** -0.5, rel=1e-5)


def test_a_peak_replaces_width_and_factor():
    schedule = WarmupInverseSquareRoot(warmup_steps=50, peak=3e-4)
    np.testing.assert_allclose(
        rates(schedule, [0, 49, 199]), [3e-4 / 50, 3e-4, 1.5e-4], rtol=1e-5
    )


@pytest.mark.parametrize("final", [0.0, 1e-4])
@pytest.mark.parametrize("warmup_steps", [0, 1, 13])
def test_warmup_decays_follow_their_formulas(warmup_steps, final):
    peak, total = 2e-3, 40
    steps = np.arange(60)
    progress = np.clip((steps - warmup_steps) / (total - warmup_steps), 0, 1)
    for cls, fall in (
        (WarmupLinearDecay, 1 - progress),
        (WarmupCosineDecay, (1 + np.cos(np.pi * progress)) / 2),
    ):
        expected = np.where(
            steps < warmup_steps,
            peak * (steps + 1) / max(warmup_steps, 1),
            final + (peak - final) * fall,
        )
        schedule = cls(peak, warmup_steps, total, final)
        np.testing.assert_allclose(
            rates(schedule, steps), expected, rtol=1e-4, atol=1e-9
        )


def test_keras_cosine_decay_falls_alike():
    ours = WarmupCosineDecay(1e-3, warmup_steps=0, total_steps=30)
    theirs = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=30)
    steps = range(35)
    np.testing.assert_allclose(
        rates(ours, steps), rates(theirs, steps), atol=1e-9
    )


@pytest.mark.parametrize("cls", [WarmupLinearDecay, WarmupCosineDecay])
def test_no_update_of_a_run_is_wasted(cls):
    all_rates = rates(cls(1e-3, warmup_steps=10, total_steps=100), range(100))
    assert all_rates.min() > 0
    assert all_rates.max() == pytest.approx(1e-3)
    assert rates(cls(1e-3, 10, 100), [100, 10**9]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "schedule",
    [
        WarmupLinearDecay(np.float32(0.5), np.int64(3), 17, final=0.25),
        WarmupCosineDecay(0.5, 3, 17),
        WarmupInverseSquareRoot(6, warmup_steps=3, factor=2.0),
        WarmupInverseSquareRoot(warmup_steps=3, peak=0.5, name="paper"),
    ],
)
def test_a_saved_model_keeps_its_schedule(schedule, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(schedule), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    again = type(schedule).from_config(
        loaded.get_config()["learning_rate"]["config"]
    )
    assert again.get_config() == schedule.get_config()
    np.testing.assert_allclose(
        rates(again, range(20)), rates(schedule, range(20))
    )


def test_an_optimizer_follows_the_schedule_in_fit():
    schedule = WarmupLinearDecay(1.0, warmup_steps=2, total_steps=4)
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)]
    )
    model.layers[0].kernel.assign([[0.0]])
    # The loss -w has the slope -1: each update adds its learning rate.
    model.compile(keras.optimizers.SGD(schedule), lambda y, w: -w)
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, verbose=0)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(0.5 + 1 + 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WarmupLinearDecay(0.0, 1, 2), "`peak`.*above 0.*peak=0.0"),
        (lambda: WarmupLinearDecay("1", 1, 2), "`peak`.*peak='1'"),
        (lambda: WarmupCosineDecay(float("nan"), 1, 2), "`peak`.*peak=nan"),
        (lambda: WarmupCosineDecay(0.1, -1, 2), "`warmup_steps`.*from 0"),
        (lambda: WarmupCosineDecay(0.1, 2.5, 9), "warmup_steps=2.5"),
        (lambda: WarmupCosineDecay(0.1, None, 9), "warmup_steps=None"),
        (lambda: WarmupLinearDecay(0.1, 0, 0), "`total_steps`.*from 1"),
        (lambda: WarmupLinearDecay(0.1, 5, 5), "less than `total_steps`"),
        (lambda: WarmupLinearDecay(0.1, 1, 5, 0.2), "`final`.*final=0.2"),
        (lambda: WarmupInverseSquareRoot(0), "`hidden_dim`.*from 1"),
        (lambda: WarmupInverseSquareRoot(8, 0), "`warmup_steps`.*from 1"),
        (lambda: WarmupInverseSquareRoot(peak=-1.0), "`peak`.*peak=-1.0"),
        (
            lambda: WarmupInverseSquareRoot(factor=float("inf")),
            "`factor`.*factor=inf",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
