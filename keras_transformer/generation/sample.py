"""Answers drawn at random, likely ones more often."""

import keras
from keras import ops

from keras_transformer.generation.greedy import Greedy
from keras_transformer.generation.search import check_count, check_number


@keras.saving.register_keras_serializable(package="keras_transformer")
class Sample(Greedy):
    """Draw each token from the model's distribution, or the likely part of it.

    The options apply in the order of the arguments: first the temperature, then
    `top_k`, `top_p`, `min_p`.

    Args:
        temperature: Divides the logits: below 1 makes likely tokens likelier.
        top_k: Draw among so many most likely tokens alone; `None` for all.
        top_p: Draw among the fewest most likely tokens that have this
            probability together, the nucleus of
            [Holtzman et al., 2020](https://arxiv.org/abs/1904.09751); 1 for
            all.
        min_p: Draw among the tokens that have at least this share of the
            probability of the most likely one
            ([Nguyen et al., 2024](https://arxiv.org/abs/2407.01082)); 0 for
            all.
        seed: Makes the draws repeatable: with the same seed a prompt at the
            same place of a batch gets the same answer each time. `None` draws
            anew in each call.
        num_return_sequences: Answers drawn for each prompt.
        **kwargs: Options of `Greedy`.

    Raises:
        ValueError: If an option is out of range.
    """

    needs_noise = True

    def __init__(
        self,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        min_p: float = 0.0,
        seed: int | None = None,
        num_return_sequences: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_number("temperature", temperature, 0.0)
        if top_k is not None:
            check_count("top_k", top_k, 1)
        check_number("top_p", top_p, 0.0, 1.0)
        if min_p != 0:
            check_number("min_p", min_p, 0.0, 1.0)
        if seed is not None:
            check_count("seed", seed, 0)
        check_count("num_return_sequences", num_return_sequences, 1)
        self.temperature = float(temperature)
        self.top_k = top_k
        self.top_p = float(top_p)
        self.min_p = float(min_p)
        self.seed = seed
        self.num_return_sequences = num_return_sequences

    def draw_noise(self, batch_size, max_steps, seed=None):
        """Draw the uniform numbers that choose the tokens.

        The numbers of a row do not depend on how many rows follow it.

        Args:
            batch_size: Number of prompts.
            max_steps: Most new tokens.
            seed: Whole number, instead of that of the search.

        Returns:
            Float tensor `(batch_size, num_return_sequences, max_steps)`.
        """
        return keras.random.uniform(
            (batch_size, self.num_return_sequences, max_steps),
            seed=self.seed if seed is None else seed,
        )

    def choose(self, logits, noise):
        logits = logits / self.temperature
        ids = None
        if self.top_k is not None or self.top_p < 1.0:
            width = logits.shape[-1]
            logits, ids = ops.top_k(logits, min(self.top_k or width, width))
        shares = ops.softmax(logits, axis=-1)
        if self.top_p < 1.0:
            before = ops.cumsum(shares, axis=-1) - shares
            shares = ops.where(before < self.top_p, shares, 0.0)
        if self.min_p:
            best = ops.max(shares, axis=-1, keepdims=True)
            shares = ops.where(shares >= self.min_p * best, shares, 0.0)
        # The first token at which the sum of shares passes the drawn number.
        sums = ops.cumsum(shares, axis=-1)
        drawn = noise[:, None] * sums[:, -1:]
        place = ops.sum(ops.cast(sums <= drawn, "int32"), axis=-1)
        place = ops.minimum(place, _last_positive(shares))
        if ids is None:
            return place
        token = ops.take_along_axis(ids, place[:, None], axis=1)[:, 0]
        return ops.cast(token, "int32")

    def get_config(self):
        return {
            "temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "min_p": self.min_p,
            "seed": self.seed,
            "num_return_sequences": self.num_return_sequences,
            **super().get_config(),
        }


def _last_positive(shares):
    """The last token that may be drawn, where rounding would pass it."""
    width = shares.shape[-1]
    backwards = ops.argmax(ops.flip(shares, axis=-1) > 0, axis=-1)
    return width - 1 - ops.cast(backwards, "int32")
