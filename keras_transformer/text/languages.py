"""The languages that a model reads and writes."""

import tensorflow as tf


def language_token(language: str) -> str:
    """The token that asks for a target language, `"<2de>"` for `"de"`."""
    return f"<2{language}>"


class Languages:
    """Names of languages, and the tokens that ask for those of targets.

    Of several target languages each has a token, `"<2name>"`, as in
    [Johnson et al., 2017](https://arxiv.org/abs/1611.04558).

    Args:
        sources: Names of the languages of sources; none if they are not to be
            checked.
        targets: Names of the languages of targets, likewise.
        tokenizer: Tokenizer of the sources.

    Raises:
        ValueError: If these are no names, or one has no token.
    """

    def __init__(self, sources, targets, tokenizer):
        self.sources = _names("source_languages", sources)
        self.targets = _names("target_languages", targets)
        self._ids = self._find_ids(tokenizer) if self.have_tokens else []

    @property
    def have_tokens(self) -> bool:
        """Whether a source says which language is wanted."""
        return len(self.targets) > 1

    def _find_ids(self, tokenizer):
        tokens = [language_token(name) for name in self.targets]
        known = set(tokenizer.vocabulary)
        missing = [token for token in tokens if token not in known]
        if missing:
            raise ValueError(
                "Each of several target languages needs a token in the "
                "vocabulary of the sources. Received: target_languages="
                f"{self.targets}, but there is no {missing}. Train the "
                f"tokenizer with special_tokens={missing}."
            )
        return [tokenizer.token_to_id(token) for token in tokens]

    def check(self, source=None, target=None):
        """Check the names of languages.

        Args:
            source: Name, or `None` if it is not told.
            target: Likewise; needed where there are several.

        Raises:
            ValueError: If one is unknown, or missing.
        """
        for role, name, known in (
            ("source", source, self.sources),
            ("target", target, self.targets),
        ):
            if name is not None and name not in known:
                raise ValueError(
                    f"`{role}_language` must be one that the model was "
                    f"trained with: {known or 'it was not told any'}. "
                    f"Received: {role}_language={name!r}."
                )
        if target is None and self.have_tokens:
            raise ValueError(
                f"`target_language` must be one of {self.targets}, since the "
                "model writes all of them. Received: target_language=None."
            )

    def column(self, names):
        """Look up the tokens that ask for languages.

        Args:
            names: String tensor `(batch,)`; an unknown one is an error of
                TensorFlow.

        Returns:
            int32 tensor `(batch, 1)`.
        """
        is_it = names[:, None] == tf.constant(self.targets)[None]
        # The operation prints quotes with backslashes, so there are none.
        reason = f"`target_language` must be one of: {', '.join(self.targets)}."
        check = tf.debugging.Assert(
            tf.reduce_all(tf.reduce_any(is_it, axis=1)),
            [reason, "Received:", names],
        )
        with tf.control_dependencies([check]):
            place = tf.argmax(tf.cast(is_it, tf.int32), axis=1)
            return tf.gather(self._ids, place)[:, None]


def _names(argument, names):
    names = names if isinstance(names, str) else list(names)
    valid = not isinstance(names, str) and all(
        isinstance(name, str) and name for name in names
    )
    if not valid or len(set(names)) < len(names):
        raise ValueError(
            f"`{argument}` must be a list of names, all different, such as "
            f'["de", "fr"]. Received: {argument}={names!r}.'
        )
    return names
