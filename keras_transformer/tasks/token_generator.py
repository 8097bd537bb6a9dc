"""Tasks that write tokens: ids in, ids and scores out."""

import keras
import numpy as np
from keras import ops

from keras_transformer.generation.greedy import Greedy
from keras_transformer.generation.prompts import align_right, as_size
from keras_transformer.generation.search import Decoding
from keras_transformer.tasks.answer_tokens import AnswerTokens
from keras_transformer.tasks.requests import (
    check_beam,
    check_max_length,
    check_row_lengths,
    check_search,
    complete_inputs,
)


class TokenGenerator(AnswerTokens):
    """A task that writes tokens, with a search that can be chosen each time.

    A subclass gives what `LanguageModel` needs; `generation_inputs`, the ids
    that writing may begin with; and `prompt_of`, `empty_state` and
    `next_states`, which run its model.

    Args:
        inputs: Dict of `keras.Input`s by name.
        outputs: Float KerasTensor, the logits.
        preprocessor: Of the task, or `None` for ids only.
        search: How answers are searched for; default: `Greedy()`.
        max_length: Most tokens of an answer, see the subclass; default: what
            the preprocessor lets pass.
        **kwargs: Those of `AnswerTokens`, `name` and the rest of
            `keras.Model`.
    """

    # Names of ids; each may have a mask beside it. The first is needed.
    generation_inputs = ("token_ids",)

    def __init__(
        self,
        inputs,
        outputs,
        preprocessor=None,
        *,
        search=None,
        max_length: int | None = None,
        **kwargs,
    ):
        super().__init__(inputs, outputs, preprocessor, **kwargs)
        self.search = Greedy() if search is None else check_search(search)
        self.max_length = max_length

    @property
    def most_new_tokens(self):
        """`max_length` of calls that name none."""
        raise NotImplementedError

    @property
    def positions_limit(self):
        """Most positions of the model; `None` for no limit."""
        raise NotImplementedError

    def prompt_of(self, inputs):
        """What the decoder reads first.

        Args:
            inputs: Dict of ids and masks.

        Returns:
            Tuple of token ids, int `(batch, length)`, their mask, and how many
            of them do not count towards `max_length`.
        """
        raise NotImplementedError

    def empty_state(self, inputs, slots):
        """What a step needs beside its tokens, when none were read yet.

        Args:
            inputs: Dict of ids and masks; those of the source are read.
            slots: Most tokens that the cache shall hold.

        Returns:
            Tuple of the part of the cache that changes with each token, and
            the part that stays, both nested dicts and lists of tensors.
        """
        raise NotImplementedError

    def next_states(self, tokens, slots_mask, positions, slot, state, fixed):
        """Send more tokens through the model: a prompt, then one a row.

        Args:
            tokens: Int tensor `(rows, length)`.
            slots_mask: Bool tensor `(rows, slots)`.
            positions: Int tensor `(rows, length)`.
            slot: Where in the cache the first belongs, an int tensor `()`.
            state: What `empty_state` gave, or this.
            fixed: What `empty_state` gave.

        Returns:
            Hidden states `(rows, length, hidden_dim)` and the new state.
        """
        raise NotImplementedError

    def decode(self, inputs, search, max_length, noise=None):
        """Write answers: the graph of `generate_tokens` and of a server.

        Args:
            inputs: Dict of ids and masks.
            search: A `generation.Search`.
            max_length: Most tokens, an int or int tensor `()`.
            noise: From `Sample.draw_noise`, for searches that need it.

        Returns:
            Dict as from `generate_tokens`.
        """
        token_ids, mask, free = self.prompt_of(inputs)
        tokens, mask, positions = align_right(token_ids, mask)
        lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
        limits = ops.maximum(max_length + free - lengths, 0)
        steps = as_size(ops.max(limits, initial=1))
        batch, width = ops.shape(tokens)
        slots_mask = ops.concatenate(
            [mask, ops.ones((batch, steps - 1), dtype="bool")], axis=1
        )
        state, model = self.empty_state(inputs, width + steps - 1)
        states, state = self.next_states(
            tokens, slots_mask, positions, 0, state, model
        )
        decoding = Decoding(
            step=self._step_behind(width),
            logits=self.project(states[:, -1]),
            state=state,
            fixed={
                "slots_mask": slots_mask,
                "lengths": lengths,
                "last_position": ops.maximum(lengths + limits - 2, 0),
                "model": model,
            },
            prompt=tokens,
            prompt_mask=mask,
            limits=limits,
            max_steps=steps,
            **self.answer_tokens(),
            noise=None if noise is None else noise[:, :, :steps],
        )
        return search.run(decoding)

    def _step_behind(self, width):
        """The `step` of a `Decoding` whose prompts are so wide."""

        def step(tokens, index, state, fixed):
            mask, model = fixed["slots_mask"], fixed["model"]
            positions = fixed["lengths"] + index
            # Rows that are done run along, but not beyond all positions.
            positions = ops.minimum(positions, fixed["last_position"])[:, None]
            states, state = self.next_states(
                tokens, mask, positions, width + index, state, model
            )
            return self.project(states[:, 0]), state

        return step

    def generate_tokens(self, inputs, search=None, max_length=None, seed=None):
        """Write answers to rows of ids.

        Padding may stand anywhere in a row and changes nothing.

        Args:
            inputs: Dict of ids and masks, int and bool `(batch, length)`;
                masks may be left out where nothing is padding.
            search: A `generation.Search`; default: that of the task.
            max_length: Most tokens, see the task; default: that of the task.
            seed: For sampling; default: that of the search.

        Returns:
            Dict of `token_ids`, int32 `(batch, answers, length)`, the new
            tokens, the end token included where there is one, then padding;
            `padding_mask`, bool of that shape, `True` = a new token; `score`,
            float32 `(batch, answers)`, the log-probability of the new tokens
            according to the model, best answer first.

        Raises:
            ValueError: If a prompt is too long for `max_length`, or either for
                the model, or the beam is wider than there are answers.
        """
        search = self.search if search is None else check_search(search)
        max_length = self._checked_length(max_length)
        inputs = complete_inputs(inputs, self.generation_inputs)
        steps = self._check_prompts(inputs, max_length)
        most = self.vocabulary_size ** min(steps, 64)
        check_beam(search, most, "answers that can be written")
        batch = int(ops.shape(next(iter(inputs.values())))[0])
        noise = self._noise(search, batch, max_length, seed)
        return self._write(search, inputs, max_length, noise)

    def _write(self, search, inputs, max_length, noise):
        """`decode`, in one graph for all sizes if the backend has graphs."""

        def decode(inputs, max_length, noise=None):
            return self.decode(inputs, search, max_length, noise)

        drawn = () if noise is None else (noise,)
        if keras.backend.backend() != "tensorflow":
            return decode(inputs, max_length, *drawn)
        from keras_transformer import text

        function = self._kept(
            ("decode", search, *inputs), lambda: text.graph_function(decode)
        )
        return function(inputs, max_length, *drawn)

    def _kept(self, key, make):
        """A compiled function, kept until layers change."""
        layers = tuple(id(weight) for weight in self.weights)
        kept = vars(self).get("_kept_functions")
        if kept is None or kept[0] != layers:
            kept = (layers, {})
            vars(self)["_kept_functions"] = kept
        functions = kept[1]
        if key not in functions:
            functions[key] = make()
        return functions[key]

    def _noise(self, search, batch, max_length, seed):
        if not search.needs_noise:
            return None
        if seed is None and search.seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        return search.draw_noise(batch, max_length, seed)

    def _checked_length(self, max_length):
        if max_length is None:
            max_length = self.most_new_tokens
        return check_max_length(max_length, self.positions_limit)

    def _prompt_lengths(self, inputs):
        """How many tokens of each prompt count towards `max_length`."""
        _, mask, free = self.prompt_of(inputs)
        return ops.sum(ops.cast(mask, "int32"), axis=1) - free

    def _check_prompts(self, inputs, max_length):
        """Check the lengths of rows; return the most steps there can be."""
        lengths = ops.convert_to_numpy(self._prompt_lengths(inputs))
        if not len(lengths):
            return max_length
        if lengths.max() >= max_length:
            row = int(np.argmax(lengths))
            raise ValueError(
                self._too_long(max_length)
                + f" Received: a prompt of {lengths[row]} tokens in row {row}."
            )
        check_row_lengths(inputs, self.positions_limit)
        return int(max_length - lengths.min())

    def _too_long(self, max_length):
        limit = self.positions_limit
        return (
            f"`max_length` must leave room for a new token behind the prompt; "
            f"it is {max_length}"
            + (f", and the model has {limit} positions" if limit else "")
            + ". Shorten the prompt, or raise `max_length`."
        )

    def get_config(self):
        return {
            **super().get_config(),
            "search": keras.saving.serialize_keras_object(self.search),
            "max_length": self.max_length,
        }
