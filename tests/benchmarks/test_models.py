"""All contenders build equally large models, and do the right work."""

import dataclasses

import keras
import numpy as np
import pytest

from benchmarks import torch_contenders, training_contenders, workloads
from benchmarks.contender import Contender
from benchmarks.keras_models import make_task
from benchmarks.rows import keras_inputs, training_rows
from benchmarks.training_recipe import checked_lengths

TRAINED = workloads.WORKLOADS[:3]
SMALL = [dataclasses.asdict(workloads.make_small(w)) for w in TRAINED]


@pytest.fixture(autouse=True)
def leave_the_framework_alone(monkeypatch):
    """TensorFlow and torch run already in this process, on their threads."""
    for name in ("set_up_keras", "set_up_torch"):
        monkeypatch.setattr(Contender, name, lambda self: None)


def count_weights(model):
    """Numbers that are learned of a model of Keras or of torch."""
    if isinstance(model, keras.Model):
        return sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    return sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize("workload", TRAINED, ids=lambda w: w.name)
def test_models_of_peers_are_as_large_as_ours(workload):
    pytest.importorskip("torch", reason="the peers of this test")
    pytest.importorskip("transformers", reason="a peer of this test")
    from benchmarks.torch_models import TorchModel
    from benchmarks.transformers_models import make_transformers_model

    workload = dataclasses.asdict(workload)
    own = count_weights(make_task(workload, "float32"))
    peers = [TorchModel(workload), make_transformers_model(workload)]
    assert [count_weights(peer) for peer in peers] == pytest.approx(
        [own, own], rel=0.06
    )


@pytest.mark.parametrize(
    ("name", "workload"),
    [("keras_transformer", SMALL[1]), *(("torch", w) for w in SMALL)],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_steps_learn_a_batch(name, workload):
    kind = training_contenders.CONTENDERS[name]
    if kind.missing():
        pytest.skip(f"not installed: {kind.missing()}")
    losses = []

    def keep(loss, case):
        losses.append(loss)
        return checked_lengths(loss, case)

    contender = kind({**workload, "dropout": 0.0}, "float32", 1)
    with pytest.MonkeyPatch.context() as patch:
        for module in (training_contenders, torch_contenders):
            patch.setattr(module, "checked_lengths", keep)
        case = {"batch": 3, "lengths": [5, 5, 5]}
        step = contender.prepare(case)
        for _ in range(8):
            assert step() == [5, 5, 5]
    classes = 2 if workload["kind"] == "encoder" else 101
    assert losses[0] == pytest.approx(np.log(classes), rel=0.25)
    assert losses[-1] < losses[0]


def test_the_decoder_of_plain_torch_does_not_see_what_comes():
    torch = pytest.importorskip("torch", reason="the model is of torch")
    from benchmarks.torch_models import TorchModel

    workload = SMALL[1]
    model = TorchModel(workload).eval()
    rows = training_rows(workload, 2)
    source, written = (
        torch.from_numpy(rows[name].copy()).long()
        for name in ("source", "written")
    )
    altered = written.clone()
    altered[:, 4] = 3
    with torch.no_grad():
        before, after = model(source, written), model(source, altered)
    torch.testing.assert_close(after[:, :4], before[:, :4])
    assert not torch.allclose(after[:, 4:], before[:, 4:])


def test_gradients_of_recomputed_blocks_are_those_of_others():
    torch = pytest.importorskip("torch", reason="the model is of torch")
    from benchmarks.torch_models import TorchModel

    workload = {**SMALL[2], "dropout": 0.0}
    plain, recomputing = (TorchModel(workload, r) for r in (False, True))
    recomputing.load_state_dict(plain.state_dict())
    ids = torch.from_numpy(training_rows(workload, 2)["source"].copy()).long()
    for model in (plain, recomputing):
        model(ids).square().mean().backward()
    weights = zip(plain.parameters(), recomputing.parameters(), strict=True)
    for one, other in weights:
        torch.testing.assert_close(one.grad, other.grad)


def test_targets_stand_one_after_what_is_read():
    encoder, seq2seq, causal = (training_rows(w, 4) for w in SMALL)
    assert set(np.unique(encoder["targets"])) <= {0, 1}
    assert encoder["targets"].shape == (4,)
    np.testing.assert_array_equal(
        causal["source"][:, 1:], causal["targets"][:, :-1]
    )
    np.testing.assert_array_equal(
        seq2seq["written"][:, 1:], seq2seq["targets"][:, :-1]
    )
    assert set(keras_inputs(SMALL[1], seq2seq)) == {
        "encoder_token_ids",
        "encoder_padding_mask",
        "decoder_token_ids",
        "decoder_padding_mask",
    }


def test_a_loss_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="loss=nan"):
        checked_lengths(float("nan"), {"lengths": [1]})


def test_the_switch_of_fused_stretches_is_set_for_the_plain_one_alone():
    switches = {
        name: kind.environment.get("KERAS_TRANSFORMER_FUSED")
        for name, kind in training_contenders.CONTENDERS.items()
    }
    assert switches.pop("keras_transformer_plain") == "0"
    assert set(switches.values()) == {None}
