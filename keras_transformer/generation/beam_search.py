"""The likeliest answers, found by following several at a time."""

import keras
from keras import ops

from keras_transformer.generation.constraints import is_one_of
from keras_transformer.generation.hypotheses import (
    NONE,
    best_tokens,
    may_end,
    pick,
)
from keras_transformer.generation.search import (
    Search,
    check_count,
    check_number,
    repeat_prompts,
    repeat_rows,
    write_tokens,
)


@keras.saving.register_keras_serializable(package="keras_transformer")
class BeamSearch(Search):
    """Follow the most likely hypotheses, and keep those that have ended.

    At each step the `beam_size` likeliest continuations of all hypotheses are
    looked at. Those that end are put aside, where the best of them stay; the
    likeliest others go on. Hypotheses are ranked by `log P(Y) / lp(Y)` with the
    length penalty of equation 14 of
    [Wu et al., 2016](https://arxiv.org/abs/1609.08144), `lp(Y) = ((5 + |Y|) /
    6) ** length_penalty`, where `|Y|` counts the new tokens, end token
    included. What has not ended at the most tokens competes as it stands.

    `BeamSearch(4, 1.0, "estimate", length_offset=0)` is the beam search of
    transformers with `num_beams=4` and its defaults; but a
    `repetition_penalty` is there applied to log-probabilities, not to logits.

    Args:
        beam_size: How many hypotheses are followed.
        length_penalty: Exponent of the length penalty; 0 ranks by probability
            alone, more favours longer answers.
        early_stopping: When a prompt is done. `True`: as soon as `beam_size`
            hypotheses have ended; `False`: when no other can become better
            than those that are returned; `"estimate"`: when as many have
            ended, and the best of the others would not be among them if it
            ended now, though with its length its rank may rise.
        num_return_sequences: How many of the best answers are returned, best
            first.
        length_offset: The 5 of the length penalty: `lp(Y) = ((offset + |Y|) /
            (offset + 1)) ** length_penalty`; 0 divides by a power of the
            length itself.
        renormalize: Whether tokens that are forbidden leave their probability
            to the others when hypotheses are ranked.
        **kwargs: `min_length`, `repetition_penalty` and
            `no_repeat_ngram_size`, as in `Greedy`.

    Raises:
        ValueError: If an option is out of range.
    """

    def __init__(
        self,
        beam_size: int = 4,
        length_penalty: float = 0.6,
        early_stopping: bool | str = False,
        num_return_sequences: int = 1,
        length_offset: float = 5.0,
        renormalize: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count("beam_size", beam_size, 1)
        check_count("num_return_sequences", num_return_sequences, 1)
        if num_return_sequences > beam_size:
            raise ValueError(
                "`num_return_sequences` can be at most `beam_size`. Received: "
                f"num_return_sequences={num_return_sequences}, "
                f"beam_size={beam_size}."
            )
        if not isinstance(length_penalty, (int, float)):
            raise ValueError(
                "`length_penalty` must be a number. Received: length_penalty="
                f"{length_penalty!r}."
            )
        if length_offset != 0:
            check_number("length_offset", length_offset, 0.0)
        if early_stopping not in (True, False, "estimate"):
            raise ValueError(
                '`early_stopping` must be True, False or "estimate". Received: '
                f"early_stopping={early_stopping!r}."
            )
        self.beam_size = beam_size
        self.length_penalty = float(length_penalty)
        # `True` itself, not what equals it, is looked for.
        is_estimate = early_stopping == "estimate"
        self.early_stopping = (
            early_stopping if is_estimate else bool(early_stopping)
        )
        self.num_return_sequences = num_return_sequences
        self.length_offset = float(length_offset)
        self.renormalize = bool(renormalize)

    def run(self, decoding):
        batch = ops.shape(decoding.logits)[0]
        # What all rows of a beam share is repeated once, and stays.
        beams = repeat_prompts(decoding, self.beam_size)
        start = self._start(decoding, batch)
        first = repeat_rows(decoding.logits, self.beam_size)
        carry, _ = self._advance(beams, 0, first, start)

        def body(index, carry, state):
            logits, state = beams.step(
                ops.reshape(carry["last"], (-1, 1)),
                index - 1,
                state,
                beams.fixed,
            )
            carry, rows = self._advance(beams, index, logits, carry)
            if self.beam_size > 1:
                state = keras.tree.map_structure(
                    lambda x: ops.take(x, rows, axis=0), state
                )
            return index + 1, carry, state

        def unfinished(index, carry, state):
            return ops.logical_and(
                index < decoding.max_steps,
                ops.any(carry["live"]["rank"] > NONE / 2),
            )

        one = ops.convert_to_tensor(1, dtype="int32")
        _, carry, _ = ops.while_loop(
            unfinished, body, (one, carry, beams.state)
        )
        return self._answers(carry["ended"], decoding.pad_token_id)

    def _start(self, decoding, batch):
        """Nothing has ended, and one empty hypothesis a prompt is alive."""
        beams = (batch, self.beam_size)
        none = ops.full(beams, NONE, dtype="float32")
        empty = {
            "rank": none,
            "score": ops.zeros(beams, dtype="float32"),
            "length": ops.zeros(beams, dtype="int32"),
            "tokens": ops.full(
                (*beams, decoding.max_steps),
                decoding.pad_token_id,
                dtype="int32",
            ),
        }
        is_first = ops.arange(self.beam_size, dtype="int32")[None] == 0
        has_room = decoding.limits[:, None] > 0
        alive = ops.logical_and(is_first, has_room)
        return {
            "live": {**empty, "rank": ops.where(alive, 0.0, none)},
            "ended": empty,
            "last": ops.zeros(beams, dtype="int32"),
        }

    def _advance(self, beams, index, logits, carry):
        """Go on by one token; say from which row each beam went on."""
        size = self.beam_size
        batch = ops.shape(carry["last"])[0]
        candidates, source = self._candidates(beams, index, logits, carry)
        limits = ops.reshape(beams.limits, (batch, size))[:, :1]
        is_last = index + 1 >= limits
        ends = ops.logical_or(
            is_one_of(candidates["last"], beams.end_token_id), is_last
        )
        gain = candidates["rank"] - pick(carry["live"]["rank"], source)
        has_ended = ops.logical_and(
            ends, may_end(candidates["rank"], gain, is_last)
        )
        ended = self._best_ended(
            carry["ended"],
            {k: v[:, :size] for k, v in candidates.items() if k != "last"},
            has_ended[:, :size],
        )
        rank = ops.where(ends, NONE, candidates["rank"])
        done = self._is_done(ended, rank, index, limits)
        rank = ops.where(done[:, None], NONE, rank)
        rank, places = ops.top_k(rank, size)
        live = {
            name: pick(candidates[name], places)
            for name in ("score", "length", "tokens")
        }
        rows = ops.arange(batch, dtype="int32")[:, None] * size
        rows = ops.reshape(rows + pick(source, places), (-1,))
        return {
            "live": {**live, "rank": rank},
            "ended": ended,
            "last": pick(candidates["last"], places),
        }, rows

    def _candidates(self, beams, index, logits, carry):
        """The `2 * beam_size` best continuations, and the beams they are of.

        So many, since each beam has one that ends; or more, where more do.
        """
        live, size = carry["live"], self.beam_size
        batch, _, steps = ops.shape(live["tokens"])
        tokens = ops.reshape(live["tokens"], (batch * size, steps))
        logits = ops.cast(logits, "float32")
        token, chances, gains = best_tokens(
            logits,
            self.adjust(beams, logits, tokens, index),
            size * (1 + len(beams.end_token_ids)),
            self.renormalize,
        )
        most = token.shape[1]

        def added(values, gains):
            sums = ops.reshape(values, (-1, 1)) + gains
            return ops.reshape(sums, (batch, size * most))

        rank, places = ops.top_k(
            added(live["rank"], gains),
            size * min(1 + len(beams.end_token_ids), logits.shape[-1]),
        )
        places = ops.cast(places, "int32")
        source = places // most
        token = pick(ops.reshape(token, (batch, size * most)), places)
        picked = ops.reshape(pick(live["tokens"], source), (-1, steps))
        written = write_tokens(picked, ops.reshape(token, (-1,)), index)
        return {
            "rank": ops.maximum(rank, NONE),
            "score": pick(added(live["score"], chances), places),
            "length": ops.zeros_like(token) + index + 1,
            "tokens": ops.reshape(written, (batch, places.shape[1], steps)),
            "last": token,
        }, source

    def _best_ended(self, ended, candidates, has_ended):
        """The best of what had ended and what ends now."""
        penalty = self._penalty(candidates["length"])
        rank = ops.where(has_ended, candidates["rank"] / penalty, NONE)
        both = {
            name: ops.concatenate([ended[name], new], axis=1)
            for name, new in {**candidates, "rank": rank}.items()
        }
        rank, places = ops.top_k(both["rank"], self.beam_size)
        return {
            "rank": rank,
            **{
                name: pick(both[name], places)
                for name in ("score", "length", "tokens")
            },
        }

    def _is_done(self, ended, rank, index, limits):
        """Whether a prompt has its answers, whatever would still come."""
        is_full = ops.all(ended["rank"] > NONE / 2, axis=1)
        if self.early_stopping is True or self.beam_size == 1:
            return is_full
        best = ops.max(rank, axis=1, keepdims=True, initial=NONE)
        if self.early_stopping == "estimate":
            best = best / self._penalty(limits * 0 + index + 1)
            is_worse = best[:, 0] <= ended["rank"][:, -1]
            return ops.logical_and(is_full, is_worse)
        # A log-probability only falls; the penalty may still grow, or shrink.
        penalty = ops.maximum(
            self._penalty(limits), self._penalty(limits * 0 + index + 2)
        )
        best = best / penalty
        if self.repetition_penalty < 1.0:  # then it may rise, too
            return ops.zeros_like(best[:, 0]) > 0
        worst = ended["rank"][:, self.num_return_sequences - 1]
        return best[:, 0] <= worst

    def _penalty(self, length):
        offset = self.length_offset
        ratio = (offset + ops.cast(length, "float32")) / (offset + 1.0)
        return ratio**self.length_penalty

    def _answers(self, ended, pad_token_id):
        """The best answers; where there are fewer, empty ones follow."""
        number = self.num_return_sequences
        best = {name: values[:, :number] for name, values in ended.items()}
        exists = best["rank"] > NONE / 2
        length = ops.where(exists, best["length"], 0)
        places = ops.arange(ops.shape(best["tokens"])[2], dtype="int32")
        mask = places[None, None] < length[:, :, None]
        return {
            "token_ids": ops.where(mask, best["tokens"], pad_token_id),
            "padding_mask": mask,
            "score": ops.where(exists, best["score"], -float("inf")),
            "rank": ops.where(exists, best["rank"], -float("inf")),
        }

    def get_config(self):
        return {
            "beam_size": self.beam_size,
            "length_penalty": self.length_penalty,
            "early_stopping": self.early_stopping,
            "num_return_sequences": self.num_return_sequences,
            "length_offset": self.length_offset,
            "renormalize": self.renormalize,
            **super().get_config(),
        }
