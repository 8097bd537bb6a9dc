import dataclasses

import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.encoding_contenders import OnnxRuntime
from benchmarks.rows import random_ids

SMALL = dataclasses.asdict(workloads.make_small(workloads.WORKLOADS[3]))


@pytest.mark.slow
def test_the_onnx_file_gives_what_its_model_gives(tmp_path):
    if OnnxRuntime.missing():
        pytest.skip(f"not installed: {', '.join(OnnxRuntime.missing())}")
    import onnxruntime
    import torch

    from benchmarks import transformers_models

    model = transformers_models.make_transformers_model(SMALL)
    for precision, tolerance in (("float32", 1e-5), ("int8", 0.1)):
        path = tmp_path / f"{precision}.onnx"
        transformers_models.export_to_onnx(SMALL, precision, path)
        session = onnxruntime.InferenceSession(str(path))
        for batch, length in ((3, 9), (1, 5)):
            ids = random_ids(SMALL, batch, length).astype("int64")
            inputs = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            (found,) = session.run(None, inputs)
            with torch.no_grad():
                expected = model(
                    **{k: torch.from_numpy(v) for k, v in inputs.items()}
                ).last_hidden_state
            np.testing.assert_allclose(found, expected, atol=tolerance)
