"""Where an attempt comes from: the address, its network, the device, and whether this device is known."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """`marks` maps an account's hash to the mark this device got when that account last logged in on it."""

    address: str = ""
    network: str = ""
    device: str = ""
    marks: dict[str, str] = field(default_factory=dict)
