"""greeter.py - welcomes everyone who writes for the first time, and lets the message pass.

A module in Python stands in the chain as a native one does. It gets the items of its block in the
configuration: here `greeting`, with {name} where the name belongs.
"""

from mesibo_abi import Message, Module, Result


class Greeter(Module):
    def init(self) -> None:
        self.greeting = self.config.get("greeting", "Welcome, {name}!")
        self.known: set[str] = set()

    def on_message(self, message: Message) -> Result:
        sender = message.from_
        if sender and sender not in self.known:
            self.known.add(sender)
            text = self.greeting.replace("{name}", sender)
            self.send(text, to=sender, from_="greeter", aid=message.aid, refid=message.id)
            self.log(f"greeted {sender}", level=1)
        return Result.PASS

    def on_call(self) -> Result:
        self.log("somebody calls")
        return Result.PASS
