"""Training objectives: weighted sums of losses, with every term named for the log.

``compute_objective`` is the part that has no state; ``Criterion`` adds the parts that an
enhancement objective brings along: VGG19 and the adversary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.images import Pixels
from lienet.networks.memory_layout import lay_out
from lienet.networks.shapes import Images
from lienet.networks.vgg import Vgg19
from lienet.params import Objective
from lienet.training.adversarial import Adversary
from lienet.training.losses import l1_loss, mse_loss
from lienet.training.perceptual import perceptual_loss
from lienet.training.ssim import ssim_loss

Loss = Float[Tensor, ""]
PIXEL_LOSSES = {"mse": mse_loss, "l1": l1_loss}


def compute_objective(
    objective: Objective, enhanced: Images, reference: Images
) -> tuple[Loss, dict[str, Loss]]:
    """Return the weighted pixel and SSIM losses, and each; one of weight zero is not computed.

    Args:
        objective: the weights, from params.
        enhanced: the network's output.
        reference: the target in [0, 1].
    """
    pixel = PIXEL_LOSSES[objective.pixel](enhanced, reference)
    total = objective.pixel_weight * pixel
    terms = {"pixel_loss": pixel.detach()}
    if objective.ssim_weight > 0:
        structural = ssim_loss(enhanced, reference)
        total = total + objective.ssim_weight * structural
        terms["ssim_loss"] = structural.detach()
    return total, terms


class Criterion:
    """An objective and the networks that it is computed with, on the devices of ``fabric``."""

    def __init__(
        self,
        objective: Objective,
        *,
        ema_decay: float,
        seed: int,
        fabric: Fabric,
        vgg19_path: Path | None = None,
    ) -> None:
        """Build what the objective asks for.

        Args:
            objective: the weights, from params.
            ema_decay: of the discriminator's average.
            seed: of the discriminator's first weights.
            fabric: devices and precision.
            vgg19_path: VGG19's weights, for an objective with a perceptual loss.

        Raises:
            ModelError: VGG19's weights lack a layer, or are not what they should be.
        """
        self.objective = objective
        self._fabric = fabric
        self.vgg: Vgg19 | None = None
        self.adversary: Adversary | None = None
        if objective.perceptual is not None:
            assert vgg19_path is not None, "a perceptual loss has VGG19's weights"
            vgg = Vgg19(vgg19_path, objective.perceptual.layers)
            self.vgg = lay_out(vgg.to(fabric.device))
        if objective.adversarial is not None:
            self.adversary = Adversary(
                objective.adversarial, ema_decay=ema_decay, seed=seed, fabric=fabric
            )

    def compute(
        self, enhanced: Images, reference: Images, *, opposed: bool
    ) -> tuple[Loss, dict[str, Loss]]:
        """Return what the network minimises, and its unweighted terms.

        Args:
            enhanced: the network's output.
            reference: the target in [0, 1].
            opposed: as ``is_opposed`` says of the step.
        """
        total, terms = compute_objective(self.objective, enhanced, reference)
        if self.adversary is not None and not opposed:
            return total, terms  # the warm-up is by pixels alone
        if (perceptual := self.objective.perceptual) is not None and self.vgg is not None:
            with self._fabric.autocast():
                seen = perceptual_loss(self.vgg, perceptual.layers, enhanced, reference)
            total = total + perceptual.weight * seen
            terms["perceptual_loss"] = seen.detach()
        if (adversary := self.adversary) is not None:
            fooled = adversary.oppose(enhanced, reference)
            total = total + adversary.params.weight * fooled
            terms["adversarial_loss"] = fooled.detach()
        return total, terms

    def is_opposed(self, step: int) -> bool:
        """Tell whether an adversary takes part in ``step``."""
        return self.adversary is not None and self.adversary.has_begun(step)

    def set_halving(self, halving: float) -> None:
        """Bring the adversary's learning rate down to a share of its first value."""
        if self.adversary is not None:
            self.adversary.set_halving(halving)

    def learn(self, enhanced: Images, reference: Images) -> dict[str, Tensor]:
        """Let the adversary take its own step; see ``Adversary.learn``."""
        assert self.adversary is not None, "a step is opposed by an adversary"
        return self.adversary.learn(enhanced, reference)

    def update_average(self, step: int) -> None:
        """Take in the adversary's weights after ``step``, if it took part."""
        if self.adversary is not None and self.is_opposed(step):
            self.adversary.update_average(step)

    def watch(self, row: Mapping[str, float | int | None], *, step: int, state_dir: Path) -> None:
        """Stop the run at a logged row if the adversary has collapsed; see ``Adversary.watch``."""
        spread = row.get("discriminator_spread")
        if self.adversary is not None and spread is not None:
            self.adversary.watch(spread, step=step, state_dir=state_dir)

    @property
    def is_doubtful(self) -> bool:
        """Whether the discriminator told nothing apart at the last row: no state to go back to."""
        return self.adversary is not None and self.adversary.is_doubtful

    def validate(
        self, model: nn.Module, tiles: Sequence[tuple[Pixels, Pixels]], *, step: int
    ) -> dict[str, float]:
        """Return what there is to say of ``model``'s outputs beside their PSNR."""
        if self.adversary is None or not self.adversary.has_begun(step) or not tiles:
            return {}
        return {"valid_discriminator_accuracy": self.adversary.validate(model, tiles)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state that training changes; VGG19's is the file's."""
        return {} if self.adversary is None else self.adversary.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what ``state_dict`` returned."""
        if self.adversary is not None:
            self.adversary.load_state_dict(state)
