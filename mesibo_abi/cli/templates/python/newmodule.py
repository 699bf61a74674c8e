"""A Mesibo module: answers "ping" with "pong", and lets every other message pass."""

import mesibo_abi


class NewModule(mesibo_abi.Module):
    """One instance a load; the items of its configuration are in `self.config`."""

    def on_message(self, message: mesibo_abi.Message) -> mesibo_abi.Result:
        """Called for every message, and must not block."""
        if message.payload != b"ping" or message.from_ is None:
            return mesibo_abi.Result.PASS  # on to the next module, then to the recipient
        self.send(
            "pong",
            to=message.from_,
            from_=message.to,
            aid=message.aid,
            refid=message.id,
        )
        self.log(f"answered {message.from_}", level=1)
        return mesibo_abi.Result.CONSUMED  # the recipient does not get it

    def cleanup(self) -> None:
        """Called once, last."""
        self.log(f"that was {self.name}", level=1)
