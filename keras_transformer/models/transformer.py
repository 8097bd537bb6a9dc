"""What the three models share."""

import keras

from keras_transformer.layers.biases import standardize_biases
from keras_transformer.layers.longest_sequence import longest_sequence
from keras_transformer.models.arguments import check_arguments
from keras_transformer.models.pretrained import PretrainedModel
from keras_transformer.models.sizes import size_arguments


class Transformer(PretrainedModel, keras.Model):
    """A functional model that can be rebuilt from plain arguments.

    A subclass makes its layers in `make_layers`, a dict by attribute, and
    says in `run` in which order tokens pass them: once for the functional
    graph, and for every cached step.

    Args:
        arguments: The constructor arguments of the subclass, by name.
        inputs: Dict of `keras.Input`s, the arguments of `run`.
        dtype: Data type policy of all layers. Default: the global one.
        name: Name of the model. Default: one that Keras makes.
        trainable: Whether its weights are trained.
    """

    def __init__(
        self, arguments, inputs, dtype=None, name=None, trainable=True
    ):
        check_arguments(arguments)
        arguments["use_bias"] = standardize_biases(arguments["use_bias"])
        policy = keras.dtype_policies.get(
            keras.config.dtype_policy() if dtype is None else dtype
        )
        # Past `__setattr__`, which wants a model that is made already; the
        # functional graph tracks them all.
        vars(self).update(self.make_layers(arguments, policy))
        super().__init__(
            inputs, self.run(**inputs), name=name, trainable=trainable
        )
        self.dtype_policy = policy
        self.arguments = arguments
        for name, value in arguments.items():
            setattr(self, name, value)

    def call(self, inputs, training=None, mask=None, **kwargs):
        limit = (
            self.max_sequence_length if self.positions == "learned" else None
        )
        with longest_sequence(limit):
            return super().call(inputs, training=training, mask=mask, **kwargs)

    @classmethod
    def from_size(cls, size, vocabulary_size, **arguments):
        """Build a model of a named size.

        Args:
            size: `"tiny"`, `"mini"`, `"small"`, `"base"`, or the paper's
                `"vaswani_base"` and `"vaswani_big"`.
            vocabulary_size: Rows of the token table.
            **arguments: Any constructor argument, to overrule the size's.

        Returns:
            A model with fresh weights.

        Raises:
            ValueError: If there is no such size.
        """
        arguments = {**size_arguments(size), **arguments}
        return cls(vocabulary_size=vocabulary_size, **arguments)

    def get_config(self):
        family = self.checkpoint_family
        return {
            **self.arguments,
            **({"checkpoint_family": family} if family else {}),
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = keras.dtype_policies.deserialize(config["dtype"])
        family = config.pop("checkpoint_family", None)
        model = cls(**config)
        model.checkpoint_family = family
        return model
